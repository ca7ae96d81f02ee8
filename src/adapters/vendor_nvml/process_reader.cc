#include "adapters/vendor_nvml/process_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace reeve::nvml {

std::optional<int> ProcessReader::read(Device device, std::vector<ProcessObservation>& out) {
  std::optional<int> compute;
  if (list(calls_.calls().nvmlDeviceGetComputeRunningProcesses_v3, device)) {
    compute = static_cast<int>(buffer_.size());
    for (const ProcessInfo& process : buffer_) add(process, out);
  }
  if (list(calls_.calls().nvmlDeviceGetGraphicsRunningProcesses_v3, device))
    for (const ProcessInfo& process : buffer_) add(process, out);
  return compute;
}

bool ProcessReader::list(ListCall call, Device device) {
  constexpr std::size_t room_at_first = 16;
  constexpr std::size_t spare = 8;  // processes that may start between the two calls
  constexpr int attempts = 3;
  buffer_.assign(room_at_first, {});
  for (int attempt = 0; attempt < attempts; ++attempt) {
    auto count = static_cast<unsigned int>(buffer_.size());
    const Return code = calls_.ask(call, device, &count, buffer_.data());
    if (code == Return::success) {
      buffer_.resize(std::min<std::size_t>(count, buffer_.size()));
      return true;
    }
    if (code != Return::insufficient_size) return false;
    buffer_.assign(count + spare, {});
  }
  return false;
}

void ProcessReader::add(const ProcessInfo& process, std::vector<ProcessObservation>& out) {
  ProcessObservation seen;
  seen.pid = process.pid;
  if (process.used_gpu_memory != value_not_available) seen.memory = MiB(static_cast<std::int64_t>(process.used_gpu_memory >> 20));
  if (process.gpu_instance_id != no_instance) seen.gpu_instance = static_cast<int>(process.gpu_instance_id);
  if (process.compute_instance_id != no_instance) seen.compute_instance = static_cast<int>(process.compute_instance_id);
  for (ProcessObservation& known : out) {  // compute and graphics at once: one process
    if (known.pid != seen.pid || known.gpu_instance != seen.gpu_instance || known.compute_instance != seen.compute_instance) continue;
    if (!known.memory || (seen.memory && *seen.memory > *known.memory)) known.memory = seen.memory;
    return;
  }
  seen.name = name_of(process.pid);
  out.push_back(std::move(seen));
}

std::string ProcessReader::name_of(unsigned int pid) const {
  const int file = open(fmt::format("{}/{}/comm", proc_root_, pid).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  char text[64];  // the kernel cuts it at 15
  const ssize_t length = ::read(file, text, sizeof text);
  close(file);
  if (length <= 0) return {};
  std::string_view name(text, static_cast<std::size_t>(length));
  if (name.ends_with('\n')) name.remove_suffix(1);
  return std::string(name);
}

}  // namespace reeve::nvml
