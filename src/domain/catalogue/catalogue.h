#pragma once
// Every GPU model and MIG geometry that Reeve knows. A new model is one row of data and no code.
// Immutable after make(); safe to share between threads.

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "domain/gpu/model.h"
#include "domain/mig/geometry.h"

namespace reeve {

// What is known of a GPU before its model is: any field may be empty.
struct ModelClues {
  std::string_view product_name{};   // "NVIDIA H100 80GB HBM3"; a MIG suffix is ignored
  std::string_view pci_device_id{};  // "2330" or "0x233010DE"
  std::optional<MiB> memory{};       // total of the driver; tells A100-40 from A100-80
};

class Catalogue {
 public:
  // Refuses two models with one id.
  static Result<Catalogue> make(std::vector<GpuModel> models, std::vector<mig::Geometry> geometries);

  std::span<const GpuModel> models() const { return models_; }
  std::span<const mig::Geometry> geometries() const { return geometries_; }

  const GpuModel* find(const ModelId& id) const;

  // The model of a GPU by product name, else PCI id, else nothing: a guess is worse than "unknown".
  const GpuModel* recognise(const ModelClues& clues) const;

  // nullptr when the model cannot be cut by MIG.
  const mig::Geometry* geometry(const ModelId& id) const;

 private:
  std::vector<GpuModel> models_;
  std::vector<mig::Geometry> geometries_;
  std::unordered_map<ModelId, std::size_t> by_id_;
  std::unordered_map<ModelId, std::size_t> geometry_of_;
};

}  // namespace reeve
