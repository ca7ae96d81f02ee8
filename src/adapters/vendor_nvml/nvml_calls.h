#pragma once
// The calls of NVIDIA's management library that Reeve makes or simulates, as one list:
// REEVE_NVML_CALLS(X) expands X(symbol, (parameter types)) for each. The symbol is the versioned name that a
// real libnvidia-ml.so.1 exports; every one returns a Return. The plain name of a versioned symbol keeps the
// first layout and is another function: it is listed apart where an old driver has nothing else.
//
// Sources: function lists and signatures of the headers of CUDA 13.5 and 12.9 (PyPI nvidia-nvml-dev 13.5.37,
// nvidia-nvml-dev-cu12 12.9.79), written down as facts. C enums are passed as unsigned int.

#include "adapters/vendor_nvml/nvml_structs.h"

// clang-format off
// Calls of an agent.
#define REEVE_NVML_AGENT_CALLS(X) \
  X(nvmlInit_v2, ()) \
  X(nvmlInitWithFlags, (unsigned int)) \
  X(nvmlShutdown, ()) \
  X(nvmlSystemGetDriverVersion, (char*, unsigned int)) \
  X(nvmlSystemGetNVMLVersion, (char*, unsigned int)) \
  X(nvmlSystemGetCudaDriverVersion_v2, (int*)) \
  X(nvmlDeviceGetCount_v2, (unsigned int*)) \
  X(nvmlDeviceGetHandleByIndex_v2, (unsigned int, Device*)) \
  X(nvmlDeviceGetHandleByUUID, (const char*, Device*)) \
  X(nvmlDeviceGetHandleByPciBusId_v2, (const char*, Device*)) \
  X(nvmlDeviceGetHandleBySerial, (const char*, Device*)) \
  X(nvmlDeviceGetName, (Device, char*, unsigned int)) \
  X(nvmlDeviceGetUUID, (Device, char*, unsigned int)) \
  X(nvmlDeviceGetSerial, (Device, char*, unsigned int)) \
  X(nvmlDeviceGetPciInfo_v3, (Device, PciInfo*)) \
  X(nvmlDeviceGetIndex, (Device, unsigned int*)) \
  X(nvmlDeviceGetMinorNumber, (Device, unsigned int*)) \
  X(nvmlDeviceGetArchitecture, (Device, unsigned int*)) \
  X(nvmlDeviceGetCudaComputeCapability, (Device, int*, int*)) \
  X(nvmlDeviceGetMemoryInfo, (Device, Memory*)) \
  X(nvmlDeviceGetMemoryInfo_v2, (Device, MemoryV2*)) \
  X(nvmlDeviceGetUtilizationRates, (Device, Utilization*)) \
  X(nvmlDeviceGetTemperature, (Device, unsigned int, unsigned int*)) \
  X(nvmlDeviceGetTemperatureV, (Device, TemperatureV1*)) \
  X(nvmlDeviceGetTemperatureThreshold, (Device, unsigned int, unsigned int*)) \
  X(nvmlDeviceGetMarginTemperature, (Device, MarginTemperatureV1*)) \
  X(nvmlDeviceGetPowerUsage, (Device, unsigned int*)) \
  X(nvmlDeviceGetPowerManagementLimit, (Device, unsigned int*)) \
  X(nvmlDeviceGetPowerManagementLimitConstraints, (Device, unsigned int*, unsigned int*)) \
  X(nvmlDeviceGetPowerManagementDefaultLimit, (Device, unsigned int*)) \
  X(nvmlDeviceGetEnforcedPowerLimit, (Device, unsigned int*)) \
  X(nvmlDeviceSetPowerManagementLimit, (Device, unsigned int)) \
  X(nvmlDeviceSetPowerManagementLimit_v2, (Device, PowerValueV2*)) \
  X(nvmlDeviceGetTotalEnergyConsumption, (Device, unsigned long long*)) \
  X(nvmlDeviceGetClockInfo, (Device, unsigned int, unsigned int*)) \
  X(nvmlDeviceGetMaxClockInfo, (Device, unsigned int, unsigned int*)) \
  X(nvmlDeviceGetClock, (Device, unsigned int, unsigned int, unsigned int*)) \
  X(nvmlDeviceGetPerformanceState, (Device, unsigned int*)) \
  X(nvmlDeviceGetFanSpeed_v2, (Device, unsigned int, unsigned int*)) \
  X(nvmlDeviceGetNumFans, (Device, unsigned int*)) \
  X(nvmlDeviceGetEccMode, (Device, unsigned int*, unsigned int*)) \
  X(nvmlDeviceGetTotalEccErrors, (Device, unsigned int, unsigned int, unsigned long long*)) \
  X(nvmlDeviceGetMemoryErrorCounter, (Device, unsigned int, unsigned int, unsigned int, unsigned long long*)) \
  X(nvmlDeviceGetRetiredPages_v2, (Device, unsigned int, unsigned int*, unsigned long long*, unsigned long long*)) \
  X(nvmlDeviceGetRetiredPagesPendingStatus, (Device, unsigned int*)) \
  X(nvmlDeviceGetRemappedRows, (Device, unsigned int*, unsigned int*, unsigned int*, unsigned int*)) \
  X(nvmlDeviceGetRowRemapperHistogram, (Device, RowRemapperHistogram*)) \
  X(nvmlDeviceGetCurrentClocksEventReasons, (Device, unsigned long long*)) \
  X(nvmlDeviceGetCurrentClocksThrottleReasons, (Device, unsigned long long*)) \
  X(nvmlDeviceGetSupportedClocksEventReasons, (Device, unsigned long long*)) \
  X(nvmlDeviceGetViolationStatus, (Device, unsigned int, ViolationTime*)) \
  X(nvmlDeviceGetNvLinkState, (Device, unsigned int, unsigned int*)) \
  X(nvmlDeviceGetNvLinkVersion, (Device, unsigned int, unsigned int*)) \
  X(nvmlDeviceGetNvLinkRemotePciInfo_v2, (Device, unsigned int, PciInfo*)) \
  X(nvmlDeviceGetNvLinkErrorCounter, (Device, unsigned int, unsigned int, unsigned long long*)) \
  X(nvmlDeviceGetPcieThroughput, (Device, unsigned int, unsigned int*)) \
  X(nvmlDeviceGetPcieReplayCounter, (Device, unsigned int*)) \
  X(nvmlDeviceGetCurrPcieLinkGeneration, (Device, unsigned int*)) \
  X(nvmlDeviceGetCurrPcieLinkWidth, (Device, unsigned int*)) \
  X(nvmlDeviceGetEncoderUtilization, (Device, unsigned int*, unsigned int*)) \
  X(nvmlDeviceGetDecoderUtilization, (Device, unsigned int*, unsigned int*)) \
  X(nvmlDeviceGetJpgUtilization, (Device, unsigned int*, unsigned int*)) \
  X(nvmlDeviceGetOfaUtilization, (Device, unsigned int*, unsigned int*)) \
  X(nvmlDeviceGetComputeRunningProcesses_v3, (Device, unsigned int*, ProcessInfo*)) \
  X(nvmlDeviceGetGraphicsRunningProcesses_v3, (Device, unsigned int*, ProcessInfo*)) \
  X(nvmlDeviceGetProcessUtilization, (Device, ProcessUtilizationSample*, unsigned int*, unsigned long long)) \
  X(nvmlDeviceGetProcessesUtilizationInfo, (Device, ProcessesUtilizationInfoV1*)) \
  X(nvmlDeviceGetFieldValues, (Device, int, FieldValue*)) \
  X(nvmlEventSetCreate, (EventSet*)) \
  X(nvmlDeviceRegisterEvents, (Device, unsigned long long, EventSet)) \
  X(nvmlDeviceGetSupportedEventTypes, (Device, unsigned long long*)) \
  X(nvmlEventSetWait_v2, (EventSet, EventData*, unsigned int)) \
  X(nvmlEventSetFree, (EventSet)) \
  X(nvmlDeviceGetMigMode, (Device, unsigned int*, unsigned int*)) \
  X(nvmlDeviceSetMigMode, (Device, unsigned int, Return*)) \
  X(nvmlDeviceGetMaxMigDeviceCount, (Device, unsigned int*)) \
  X(nvmlDeviceGetMigDeviceHandleByIndex, (Device, unsigned int, Device*)) \
  X(nvmlDeviceGetDeviceHandleFromMigDeviceHandle, (Device, Device*)) \
  X(nvmlDeviceIsMigDeviceHandle, (Device, unsigned int*)) \
  X(nvmlDeviceGetGpuInstanceId, (Device, unsigned int*)) \
  X(nvmlDeviceGetComputeInstanceId, (Device, unsigned int*)) \
  X(nvmlDeviceGetAttributes_v2, (Device, DeviceAttributes*)) \
  X(nvmlDeviceGetGpuInstanceProfileInfo, (Device, unsigned int, GpuInstanceProfileInfo*)) \
  X(nvmlDeviceGetGpuInstanceProfileInfoV, (Device, unsigned int, GpuInstanceProfileInfoV2*)) \
  X(nvmlDeviceGetGpuInstancePossiblePlacements_v2, (Device, unsigned int, GpuInstancePlacement*, unsigned int*)) \
  X(nvmlDeviceGetGpuInstanceRemainingCapacity, (Device, unsigned int, unsigned int*)) \
  X(nvmlDeviceCreateGpuInstance, (Device, unsigned int, GpuInstance*)) \
  X(nvmlDeviceCreateGpuInstanceWithPlacement, (Device, unsigned int, const GpuInstancePlacement*, GpuInstance*)) \
  X(nvmlGpuInstanceDestroy, (GpuInstance)) \
  X(nvmlDeviceGetGpuInstances, (Device, unsigned int, GpuInstance*, unsigned int*)) \
  X(nvmlDeviceGetGpuInstanceById, (Device, unsigned int, GpuInstance*)) \
  X(nvmlGpuInstanceGetInfo, (GpuInstance, GpuInstanceInfo*)) \
  X(nvmlGpuInstanceGetComputeInstanceProfileInfo, (GpuInstance, unsigned int, unsigned int, ComputeInstanceProfileInfo*)) \
  X(nvmlGpuInstanceGetComputeInstanceProfileInfoV, (GpuInstance, unsigned int, unsigned int, ComputeInstanceProfileInfoV2*)) \
  X(nvmlGpuInstanceGetComputeInstancePossiblePlacements, (GpuInstance, unsigned int, ComputeInstancePlacement*, unsigned int*)) \
  X(nvmlGpuInstanceGetComputeInstanceRemainingCapacity, (GpuInstance, unsigned int, unsigned int*)) \
  X(nvmlGpuInstanceCreateComputeInstance, (GpuInstance, unsigned int, ComputeInstance*)) \
  X(nvmlGpuInstanceCreateComputeInstanceWithPlacement, (GpuInstance, unsigned int, const ComputeInstancePlacement*, ComputeInstance*)) \
  X(nvmlComputeInstanceDestroy, (ComputeInstance)) \
  X(nvmlGpuInstanceGetComputeInstances, (GpuInstance, unsigned int, ComputeInstance*, unsigned int*)) \
  X(nvmlGpuInstanceGetComputeInstanceById, (GpuInstance, unsigned int, ComputeInstance*)) \
  X(nvmlComputeInstanceGetInfo_v2, (ComputeInstance, ComputeInstanceInfo*)) \
  X(nvmlGpmQueryDeviceSupport, (Device, GpmSupport*)) \
  X(nvmlGpmSampleAlloc, (GpmSample*)) \
  X(nvmlGpmSampleGet, (Device, GpmSample)) \
  X(nvmlGpmMigSampleGet, (Device, unsigned int, GpmSample)) \
  X(nvmlGpmMetricsGet, (GpmMetricsGet*)) \
  X(nvmlGpmSampleFree, (GpmSample)) \
  X(nvmlDeviceGetGpuFabricInfoV, (Device, GpuFabricInfoV3*)) \
  X(nvmlDeviceGetTopologyCommonAncestor, (Device, Device, unsigned int*)) \
  X(nvmlDeviceGetTopologyNearestGpus, (Device, unsigned int, unsigned int*, Device*)) \
  X(nvmlDeviceGetP2PStatus, (Device, Device, unsigned int, unsigned int*)) \
  X(nvmlDeviceGetMemoryAffinity, (Device, unsigned int, unsigned long*, unsigned int)) \
  X(nvmlDeviceGetCpuAffinity, (Device, unsigned int, unsigned long*)) \
  X(nvmlDeviceGetComputeMode, (Device, unsigned int*)) \
  X(nvmlDeviceSetComputeMode, (Device, unsigned int)) \
  X(nvmlDeviceGetPersistenceMode, (Device, unsigned int*)) \
  X(nvmlDeviceSetPersistenceMode, (Device, unsigned int)) \
  X(nvmlDeviceSetGpuLockedClocks, (Device, unsigned int, unsigned int)) \
  X(nvmlDeviceResetGpuLockedClocks, (Device)) \
  X(nvmlDeviceValidateInforom, (Device))

// Fallbacks for drivers that lack a newer version, and what else the agent reads.
#define REEVE_NVML_MORE_CALLS(X) \
  X(nvmlDeviceGetVbiosVersion, (Device, char*, unsigned int)) \
  X(nvmlDeviceGetFanSpeed, (Device, unsigned int*)) \
  X(nvmlDeviceGetComputeRunningProcesses, (Device, unsigned int*, ProcessInfoV1*)) \
  X(nvmlDeviceGetComputeRunningProcesses_v2, (Device, unsigned int*, ProcessInfo*)) \
  X(nvmlDeviceGetGraphicsRunningProcesses, (Device, unsigned int*, ProcessInfoV1*)) \
  X(nvmlDeviceGetGraphicsRunningProcesses_v2, (Device, unsigned int*, ProcessInfo*)) \
  X(nvmlDeviceGetMPSComputeRunningProcesses_v3, (Device, unsigned int*, ProcessInfo*)) \
  X(nvmlDeviceGetBAR1MemoryInfo, (Device, Bar1Memory*))
// clang-format on

#define REEVE_NVML_CALLS(X) REEVE_NVML_AGENT_CALLS(X) REEVE_NVML_MORE_CALLS(X)

namespace reeve::nvml {

// One pointer a call; null: this library does not have it. Plain data, safe to copy.
struct Calls {
#define REEVE_NVML_POINTER(symbol, parameters) Return(*symbol) parameters = nullptr;
  REEVE_NVML_CALLS(REEVE_NVML_POINTER)
#undef REEVE_NVML_POINTER
  const char* (*nvmlErrorString)(Return) = nullptr;  // the one call that returns text
};

}  // namespace reeve::nvml
