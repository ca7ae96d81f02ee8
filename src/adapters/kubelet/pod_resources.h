#pragma once
// The answer of the kubelet's v1.PodResourcesLister/List, read for the GPUs in it.
//
// Fields read, of k8s.io/kubelet pkg/apis/podresources/v1 (v0.37): ListPodResourcesResponse.pod_resources 1;
// PodResources name 1, namespace 2, containers 3; ContainerResources name 1, devices 2, dynamic_resources 5;
// ContainerDevices resource_name 1, device_ids 2; DynamicResource claim_resources 4; ClaimResource driver_name 2,
// pool_name 3, device_name 4. All others, of newer kubelets too, are passed over. Pure functions.

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/inventory/holder.h"

namespace reeve::kubelet {

// More than any node can have: 250 pods, each with some shares of each GPU.
inline constexpr std::size_t holders_max = 16'384;

// Is it a GPU or a part of one? By the domain of its name, since plug-ins let users rename resources; memory and
// cores (HAMi), network devices and Intel's monitoring resource, which hands out all GPUs at once, are none.
bool is_gpu_resource(std::string_view resource_name);
bool is_gpu_driver(std::string_view dra_driver);

// One for each GPU, slice or share that a container has, device_id as the plug-in names it; a claim's device is
// "driver/pool/device". Unavailable: the message is broken, or names are no names, or there are too many.
Result<std::vector<HolderObservation>> holders_of(std::string_view list_answer);

}  // namespace reeve::kubelet
