#include "adapters/vendor_nvml/device_reader.h"

#include <set>

#include <fmt/format.h>

namespace reeve::nvml {

DeviceObservation identity_of(const DeviceObservation& device) {
  DeviceObservation identity = device;
  identity.values = {};
  identity.processes.clear();
  for (InstanceObservation& instance : identity.instances) instance.values = {};
  return identity;
}

DeviceReader::DeviceReader(std::shared_ptr<const Library> library, std::shared_ptr<Heartbeat> heartbeat, unsigned int index,
                           std::string proc_root)
    : calls_(std::move(library), std::move(heartbeat)),
      index_(index),
      mig_(calls_),
      gpm_(calls_),
      values_(calls_),
      processes_(calls_, std::move(proc_root)) {}

Look DeviceReader::look() {
  calls_.begin_round();
  Look look;
  Device handle = nullptr;
  const bool reachable = calls_.get(calls_.calls().nvmlDeviceGetHandleByIndex_v2, index_, &handle) && identify(handle);
  if (reachable) {
    look.handle = handle;
    DeviceObservation device = *last_;
    device.mig_enabled = mig_.enabled(handle);
    mig_devices_ = device.mig_enabled.value_or(false) ? mig_.devices(handle) : std::vector<MigDevice>();
    device.instances.clear();
    for (const MigDevice& mig_device : mig_devices_) device.instances.push_back(mig_device.identity);
    if (!calls_.lost()) {
      notice_mig_change(device);
      last_ = device;
    }
    gpm_.measure_device(handle, device.values);
    values_.read(handle, device.values);
    read_instances(handle, device);
    read_processes(handle, device);
    if (const auto memory = read_memory(calls_, handle)) {
      set_memory(*memory, device.values);
      device.memory = MiB(static_cast<std::int64_t>(memory->total >> 20));
      last_->memory = device.memory;
    }
    look.device = std::move(device);
  }
  look.reload = calls_.reload();
  if ((!reachable || calls_.lost() || look.reload) && last_) {
    look.device = identity_of(*last_);
    look.device->lost = calls_.lost();
  }
  if (calls_.lost()) look.handle = nullptr;
  return look;
}

bool DeviceReader::identify(Device handle) {
  const Calls& calls = calls_.calls();
  const std::string uuid = calls_.text(calls.nvmlDeviceGetUUID, handle);
  if (uuid.empty()) return false;
  if (last_ && last_->uuid.text == uuid) return true;
  calls_.forget_refusals();  // another GPU stands at this index
  values_.reset();
  gpm_.forget_all();
  mig_.forget();
  DeviceObservation device;
  device.index = static_cast<int>(index_);
  device.uuid.text = uuid;
  device.product_name = calls_.text(calls.nvmlDeviceGetName, handle);
  device.serial = calls_.text(calls.nvmlDeviceGetSerial, handle);
  device.vbios_version = calls_.text(calls.nvmlDeviceGetVbiosVersion, handle);
  PciInfo pci;
  if (calls_.get(calls.nvmlDeviceGetPciInfo_v3, handle, &pci)) {
    pci.bus_id[sizeof pci.bus_id - 1] = 0;
    device.pci_address = pci.bus_id;
    device.pci_device_id = fmt::format("{:04X}", pci.pci_device_id >> 16);
  }
  if (calls_.lost() || calls_.reload()) return false;
  last_ = std::move(device);
  return true;
}

void DeviceReader::notice_mig_change(const DeviceObservation& now) {
  const auto same_place = [](const InstanceObservation& a, const InstanceObservation& b) {
    return a.gpu_instance_id == b.gpu_instance_id && a.compute_instance_id == b.compute_instance_id && a.uuid == b.uuid;
  };
  const bool same = last_->mig_enabled == now.mig_enabled &&
                    std::equal(last_->instances.begin(), last_->instances.end(), now.instances.begin(), now.instances.end(), same_place);
  if (same) return;
  calls_.forget_refusals();
  values_.forget_refusals();
  mig_.forget();
  std::set<int> gpu_instances;
  for (const InstanceObservation& instance : now.instances) gpu_instances.insert(instance.gpu_instance_id);
  gpm_.keep_only(gpu_instances);
}

void DeviceReader::read_instances(Device handle, DeviceObservation& device) {
  for (std::size_t i = 0; i < mig_devices_.size(); ++i) {
    InstanceObservation& instance = device.instances[i];
    {
      const DeviceCalls::OfMigDevice scope(calls_);
      if (const auto memory = read_memory(calls_, mig_devices_[i].handle)) {
        set_memory(*memory, instance.values);
        if (!instance.memory) instance.memory = MiB(static_cast<std::int64_t>(memory->total >> 20));
      }
    }
    // Measured for a GPU instance as a whole: of its compute instances only a lone one may call it its own.
    const auto in_same = [&](const InstanceObservation& other) { return other.gpu_instance_id == instance.gpu_instance_id; };
    if (std::count_if(device.instances.begin(), device.instances.end(), in_same) == 1)
      gpm_.measure_instance(handle, instance.gpu_instance_id, instance.values);
  }
}

void DeviceReader::read_processes(Device handle, DeviceObservation& device) {
  if (mig_devices_.empty()) {
    if (const auto compute = processes_.read(handle, device.processes)) device.values.set(Metric::compute_processes, *compute);
    return;
  }
  const DeviceCalls::OfMigDevice scope(calls_);
  std::optional<int> all;
  for (std::size_t i = 0; i < mig_devices_.size(); ++i) {
    const auto compute = processes_.read(mig_devices_[i].handle, device.processes);
    if (!compute) continue;
    device.instances[i].values.set(Metric::compute_processes, *compute);
    all = all.value_or(0) + *compute;
  }
  if (all) device.values.set(Metric::compute_processes, *all);
}

}  // namespace reeve::nvml
