#include <fmt/format.h>
#include <boost/json.hpp>
#include <limits>

#include "codec/json_parse.h"
#include "wire/observation/observation_json.h"

namespace reeve::wire {
namespace {

namespace json = boost::json;

// Collects the first fault, so that readers need no branch for each field: after one, the rest is moot.
class Reader {
 public:
  const std::optional<Error>& fault() const { return fault_; }

  void fail(const std::string& field, std::string_view why) {
    if (!fault_) fault_ = Error{Errc::invalid_argument, fmt::format("cannot read observation: {}: {}", field, why), field};
  }

  // nullptr when the field is not there or null.
  static const json::value* find(const json::object& object, std::string_view name) {
    const json::value* found = object.if_contains(name);
    return found && !found->is_null() ? found : nullptr;
  }

  void text(const json::object& object, std::string_view name, const std::string& path, std::string& out, bool required = false) {
    const json::value* found = find(object, name);
    if (!found) {
      if (required) fail(path + std::string(name), "missing");
      return;
    }
    if (const json::string* value = found->if_string())
      out.assign(value->data(), value->size());
    else
      fail(path + std::string(name), "not a text");
  }

  template <class Int>
  std::optional<Int> integer(const json::object& object, std::string_view name, const std::string& path, bool required = false) {
    const json::value* found = find(object, name);
    if (!found) {
      if (required) fail(path + std::string(name), "missing");
      return std::nullopt;
    }
    json::error_code error;
    const Int value = found->to_number<Int>(error);  // refuses fractions and what does not fit
    if (error || !(found->is_int64() || found->is_uint64())) {
      fail(path + std::string(name), "not an integer in range");
      return std::nullopt;
    }
    return value;
  }

  std::optional<bool> flag(const json::object& object, std::string_view name, const std::string& path) {
    const json::value* found = find(object, name);
    if (!found) return std::nullopt;
    if (const bool* value = found->if_bool()) return *value;
    fail(path + std::string(name), "not true or false");
    return std::nullopt;
  }

  std::optional<Timestamp> time(const json::object& object, std::string_view name, const std::string& path) {
    std::string words;
    text(object, name, path, words, true);
    const std::optional<Timestamp> at = parse_rfc3339(words);
    if (!at) fail(path + std::string(name), "not an RFC 3339 time");
    return at;
  }

  std::optional<HolderSource> holder_source(const json::object& object, std::string_view name, const std::string& path) {
    std::string words;
    text(object, name, path, words);
    if (words.empty()) return std::nullopt;
    const auto source = from_text<HolderSource>(words);
    if (!source) fail(path + std::string(name), "not one of " + all_texts<HolderSource>());
    return source;
  }

  std::optional<MiB> memory(const json::object& object, const std::string& path) {
    const auto mib = integer<std::int64_t>(object, "memory_mib", path);
    if (mib && *mib < 0) fail(path + "memory_mib", "negative");
    return mib ? std::optional(MiB(*mib)) : std::nullopt;
  }

  // Calls read(object, path of the item) for each object of the array; an absent array is an empty one.
  template <class Read>
  void each(const json::object& object, std::string_view name, const std::string& path, Read&& read) {
    const json::value* found = find(object, name);
    if (!found) return;
    const json::array* items = found->if_array();
    if (!items) return fail(path + std::string(name), "not an array");
    for (std::size_t i = 0; i < items->size() && !fault_; ++i) {
      const std::string item_path = fmt::format("{}{}[{}]", path, name, i);
      if (const json::object* item = (*items)[i].if_object())
        read(*item, item_path + ".");
      else
        fail(item_path, "not an object");
    }
  }

 private:
  std::optional<Error> fault_;
};

void read_values(Reader& in, const json::object& object, const std::string& path, MetricValues& values) {
  const json::value* found = Reader::find(object, "values");
  if (!found) return;
  const json::object* entries = found->if_object();
  if (!entries) return in.fail(path + "values", "not an object");
  for (const auto& [name, value] : *entries) {
    const MetricInfo* row = metric_by_name(std::string_view(name.data(), name.size()));
    if (!row || row->scope != MetricScope::device || value.is_null()) continue;
    json::error_code error;
    const double number = value.to_number<double>(error);
    if (error) return in.fail(fmt::format("{}values.{}", path, row->name), "not a number");
    values.set(row->metric, number);
  }
}

InstanceObservation read_instance(Reader& in, const json::object& object, const std::string& path) {
  InstanceObservation instance;
  instance.gpu_instance_id = in.integer<int>(object, "gpu_instance_id", path, true).value_or(0);
  instance.compute_instance_id = in.integer<int>(object, "compute_instance_id", path).value_or(0);
  in.text(object, "uuid", path, instance.uuid.text);
  in.text(object, "profile", path, instance.profile);
  instance.profile_id = in.integer<int>(object, "profile_id", path);
  if (const json::value* found = Reader::find(object, "placement")) {
    const json::object* placement = found->if_object();
    if (!placement) {
      in.fail(path + "placement", "not an object");
    } else {
      const auto start = in.integer<int>(*placement, "start", path + "placement.", true);
      const auto size = in.integer<int>(*placement, "size", path + "placement.", true);
      instance.placement = mig::Placement{start.value_or(0), size.value_or(0)};
    }
  }
  instance.memory = in.memory(object, path);
  read_values(in, object, path, instance.values);
  return instance;
}

ProcessObservation read_process(Reader& in, const json::object& object, const std::string& path) {
  ProcessObservation process;
  process.pid = in.integer<std::uint32_t>(object, "pid", path, true).value_or(0);
  in.text(object, "name", path, process.name);
  process.memory = in.memory(object, path);
  process.gpu_instance = in.integer<int>(object, "gpu_instance_id", path);
  process.compute_instance = in.integer<int>(object, "compute_instance_id", path);
  return process;
}

HolderObservation read_holder(Reader& in, const json::object& object, const std::string& path) {
  HolderObservation holder;
  if (const auto source = in.holder_source(object, "source", path))
    holder.source = *source;
  else
    in.fail(path + "source", "missing");
  in.text(object, "namespace", path, holder.namespace_name, true);
  in.text(object, "pod", path, holder.pod, true);
  in.text(object, "container", path, holder.container);
  in.text(object, "resource", path, holder.resource_name);
  in.text(object, "device_id", path, holder.device_id);
  holder.gpu_instance = in.integer<int>(object, "gpu_instance_id", path);
  holder.replica = in.integer<int>(object, "replica", path);
  return holder;
}

void read_holders(Reader& in, std::string_view name, const json::object& object, const std::string& path,
                  std::vector<HolderObservation>& holders) {
  in.each(object, name, path,
          [&](const json::object& item, const std::string& item_path) { holders.push_back(read_holder(in, item, item_path)); });
}

DeviceObservation read_device(Reader& in, const json::object& object, const std::string& path) {
  DeviceObservation device;
  device.index = in.integer<int>(object, "index", path, true).value_or(0);
  if (device.index < 0) in.fail(path + "index", "negative");
  in.text(object, "uuid", path, device.uuid.text, true);
  in.text(object, "product_name", path, device.product_name);
  in.text(object, "pci_address", path, device.pci_address);
  in.text(object, "pci_device_id", path, device.pci_device_id);
  in.text(object, "serial", path, device.serial);
  in.text(object, "vbios_version", path, device.vbios_version);
  device.memory = in.memory(object, path);
  device.mig_enabled = in.flag(object, "mig_enabled", path);
  device.lost = in.flag(object, "lost", path).value_or(false);
  in.each(object, "instances", path,
          [&](const json::object& item, const std::string& item_path) { device.instances.push_back(read_instance(in, item, item_path)); });
  in.each(object, "processes", path,
          [&](const json::object& item, const std::string& item_path) { device.processes.push_back(read_process(in, item, item_path)); });
  read_holders(in, "holders", object, path, device.holders);
  read_values(in, object, path, device.values);
  return device;
}

DeviceEvent read_event(Reader& in, const json::object& object, const std::string& path) {
  DeviceEvent event;
  event.at = in.time(object, "at", path).value_or(Timestamp{});
  in.text(object, "device", path, event.device.text, true);
  event.gpu_instance = in.integer<int>(object, "gpu_instance_id", path);
  event.code = in.integer<int>(object, "code", path, true).value_or(0);
  event.sequence = in.integer<std::uint64_t>(object, "sequence", path, true).value_or(0);
  return event;
}

}  // namespace

Result<NodeObservation> observation_from_json(std::string_view text) {
  Result<json::value> document = parse_json(text);
  if (!document) return document.error();
  const json::object* root = document->if_object();
  if (!root) return Error{Errc::invalid_argument, "cannot read observation: not a JSON object"};

  Reader in;
  NodeObservation observation;
  in.text(*root, "node", "", observation.node.text, true);
  std::string source;
  in.text(*root, "source", "", source, true);
  if (const auto known = from_text<ObservationSource>(source))
    observation.source = *known;
  else
    in.fail("source", "not one of " + all_texts<ObservationSource>());
  observation.at = in.time(*root, "at", "").value_or(Timestamp{});
  in.text(*root, "driver_version", "", observation.driver_version);
  in.text(*root, "cuda_version", "", observation.cuda_version);
  in.each(*root, "devices", "",
          [&](const json::object& item, const std::string& path) { observation.devices.push_back(read_device(in, item, path)); });
  in.each(*root, "events", "",
          [&](const json::object& item, const std::string& path) { observation.events.push_back(read_event(in, item, path)); });
  observation.holders_from = in.holder_source(*root, "holders_from", "");
  read_holders(in, "unplaced_holders", *root, "", observation.unplaced_holders);
  if (in.fault()) return *in.fault();
  return observation;
}

}  // namespace reeve::wire
