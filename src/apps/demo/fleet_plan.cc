#include "apps/demo/fleet_plan.h"

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

#include "base/check.h"
#include "codec/json_writer.h"
#include "domain/inventory/device.h"
#include "sim/model/hash_noise.h"

namespace reeve::demo {
namespace {

using sim::mix_bits;
using sim::unit_noise;
using std::chrono::hours;

enum class Use { training, serving, slices, research };

struct NodeClass {
  const char* model;
  Use use;
  int count;  // of 64 nodes
};

// 64 nodes: what a company with some history owns. The 14 models that users of the old system know are all there.
constexpr std::array node_classes{
    NodeClass{"H100_80GB", Use::training, 7}, NodeClass{"H100_80GB", Use::serving, 5},  NodeClass{"H100_80GB", Use::slices, 2},
    NodeClass{"h200-sxm", Use::training, 3},  NodeClass{"h200-sxm", Use::serving, 2},   NodeClass{"h200-sxm", Use::slices, 1},
    NodeClass{"b200", Use::training, 4},      NodeClass{"A100_80GB", Use::training, 3}, NodeClass{"A100_80GB", Use::serving, 3},
    NodeClass{"A100_80GB", Use::slices, 4},   NodeClass{"A100_40GB", Use::serving, 3},  NodeClass{"A100_40GB", Use::slices, 2},
    NodeClass{"l40s", Use::serving, 5},       NodeClass{"V100_32GB", Use::training, 3}, NodeClass{"V100_16GB", Use::research, 2},
    NodeClass{"RTX4090", Use::serving, 4},    NodeClass{"RTX4080", Use::research, 1},   NodeClass{"RTX3090", Use::research, 3},
    NodeClass{"RTX3080", Use::research, 1},   NodeClass{"RTX2080TI", Use::research, 1}, NodeClass{"RTX2080", Use::research, 1},
    NodeClass{"TITANXP", Use::research, 1},   NodeClass{"GTX1080TI", Use::research, 1}, NodeClass{"GTX1080", Use::research, 1},
    NodeClass{"A100_80GB", Use::serving, 1},
};
constexpr int pattern_nodes = 64;
constexpr int pattern_stride = 39;  // coprime with 64: neighbours differ, and a small fleet is a mix, too
constexpr int pattern_offset = 12;  // the first node has slices
constexpr int sliced_gpus = 6;      // of a node for slices; the others are whole

constexpr int sum_of_counts() {
  int sum = 0;
  for (const NodeClass& entry : node_classes) sum += entry.count;
  return sum;
}
static_assert(sum_of_counts() == pattern_nodes);

const NodeClass& class_of(int node) {
  int place = (node * pattern_stride + pattern_offset) % pattern_nodes;
  for (const NodeClass& entry : node_classes) {
    if (place < entry.count) return entry;
    place -= entry.count;
  }
  REEVE_CHECK(false);
}

// GPU instance profile ids as NVIDIA numbers them, in the order of creation.
constexpr int profile_1g = 19, profile_2g = 14, profile_3g = 9, profile_4g = 5;
const std::array<std::vector<int>, 4> layouts{{{profile_1g, profile_1g, profile_1g, profile_1g, profile_1g, profile_1g, profile_1g},
                                               {profile_3g, profile_2g, profile_1g, profile_1g},
                                               {profile_2g, profile_2g, profile_2g, profile_1g},
                                               {profile_4g, profile_2g, profile_1g}}};

struct Application {
  const char* app;      // label and name of the pod
  const char* process;  // as the driver shows it
  const char* load;     // kind of the simulated load
  double level;
  double memory;
  const char* workload_type;
  const char* namespace_name;
  const char* team;
  const char* user;
  const char* project;
};

constexpr std::array training_applications{
    Application{"llama3-70b-pretrain", "python3", "training", 0.97, 0.92, "Training", "foundation", "foundation-models", "kim.jiwoo",
                "llama3"},
    Application{"qwen-moe-sft", "python3", "training", 0.93, 0.88, "Training", "foundation", "foundation-models", "lee.minseo", "qwen-sft"},
    Application{"whisper-ko-finetune", "torchrun", "training", 0.88, 0.71, "Training", "speech", "speech", "park.seojun", "asr-ko"},
    Application{"recsys-dlrm", "python3", "batch", 0.8, 0.63, "Training", "recommendation", "recommendation", "choi.haeun", "ranking"},
};
constexpr std::array serving_applications{
    Application{"vllm-llama3-8b", "VLLM::EngineCore", "inference", 0.72, 0.9, "Inference", "vllm", "search", "svc-search", "assistant"},
    Application{"vllm-qwen2-72b", "VLLM::Worker_TP", "inference", 0.81, 0.91, "Inference", "vllm", "assistant", "svc-assistant",
                "assistant"},
    Application{"sglang-deepseek-v3", "sglang::scheduler", "inference", 0.77, 0.87, "Inference", "sglang", "assistant", "svc-assistant",
                "agents"},
    Application{"sglang-mistral-7b", "sglang::scheduler", "inference", 0.55, 0.84, "Inference", "sglang", "translation", "svc-translate",
                "translate"},
    Application{"embedding-bge-m3", "text-embeddings-router", "inference", 0.42, 0.35, "Inference", "model-serving", "search", "svc-search",
                "retrieval"},
    Application{"sdxl-turbo", "python3", "inference", 0.64, 0.58, "Inference", "model-serving", "media", "svc-media", "thumbnails"},
};
constexpr std::array research_applications{
    Application{"notebook", "ipykernel_launcher", "office", 0.45, 0.38, "Development", "research", "research", "jung.yuna", "sandbox"},
    Application{"vision-experiments", "python3", "office", 0.7, 0.55, "Development", "research", "vision", "han.doyun", "detect"},
    Application{"nightly-eval", "python3", "batch", 0.85, 0.66, "Batch", "evaluation", "research", "svc-eval", "eval"},
};

template <std::size_t N>
const Application& pick(const std::array<Application, N>& from, std::uint64_t seed) {
  return from[static_cast<std::size_t>(unit_noise(seed, 1) * N)];
}

// One node's scenario and holders, GPU by GPU.
class NodePlanner {
 public:
  NodePlanner(int number, Timestamp start, const Catalogue& catalogue)
      : number_(number),
        start_(start),
        catalogue_(catalogue),
        class_(class_of(number)),
        seed_(mix_bits(77, static_cast<std::uint64_t>(number))) {
    node_.name = fmt::format("gpu-node-{:03}", number + 1);
    node_.cluster = number % 3 == 2 ? "busan-lab" : "seoul-ai";
  }

  PlannedNode plan() {
    json_.begin_object().field("node", node_.name).field("start", start_).key("gpus").begin_array();
    for (int gpu = 0; gpu < gpus_per_node; ++gpu) {
      json_.begin_object().field("model", class_.model);
      if (class_.use == Use::slices && gpu < sliced_gpus)
        plan_slices(gpu);
      else
        plan_whole(gpu);
      plan_faults(gpu);
      json_.end_object();
    }
    json_.end_array().end_object();
    return std::move(node_);
  }

 private:
  std::uint64_t seed_of(int gpu, int slice = 99) const {
    const int number = gpu * 100 + slice;
    return mix_bits(seed_, static_cast<std::uint64_t>(number));
  }

  void write_load(const Application& application, std::uint64_t seed) {
    json_.key("load").begin_object().field("kind", application.load).field("level", application.level * (0.9 + 0.1 * unit_noise(seed, 2)));
    json_.field("memory", application.memory).field("utc_offset_hours", 9).field("seed", seed >> 1).end_object();
  }

  void write_processes(const Application& application, int rank) {
    std::string name = application.process;
    if (name.ends_with("_TP")) name += std::to_string(rank);
    json_.key("processes").begin_array().begin_object().field("name", name).end_object().end_array();
  }

  void hold(int gpu, const std::string& profile, const Application& application, const std::string& pod, const std::string& key) {
    PlannedHolder holder;
    holder.device = device_id(NodeName{node_.name}, gpu).text;
    holder.key = "demo/" + holder.device + key;
    holder.mig_profile = profile;
    holder.namespace_name = application.namespace_name;
    holder.pod = pod;
    holder.container = application.app;
    holder.workload_type = application.workload_type;
    holder.team = application.team;
    holder.user = application.user;
    holder.project = application.project;
    holder.app = application.app;
    node_.holders.push_back(std::move(holder));
  }

  // How many neighbouring GPUs one pod takes, and which of them this one is in.
  int group_size() const {
    switch (class_.use) {
      case Use::training: return gpus_per_node;
      case Use::serving: return static_cast<int>(1U << (seed_ % 3));  // tensor parallel over 1, 2 or 4
      case Use::slices:
      case Use::research: break;
    }
    return 1;
  }

  const Application& application_of(std::uint64_t seed) const {
    switch (class_.use) {
      case Use::training: return pick(training_applications, seed);
      case Use::slices:
      case Use::serving: return pick(serving_applications, seed);
      case Use::research: break;
    }
    return pick(research_applications, seed);
  }

  void plan_whole(int gpu) {
    const int size = group_size();
    const int group = gpu / size;
    const std::uint64_t seed = seed_of(group);
    const double free_share = class_.use == Use::training ? 0.12 : class_.use == Use::research ? 0.4 : 0.2;
    if (unit_noise(seed, 3) < free_share) return;  // nobody's
    const Application& application = application_of(seed);
    const std::string pod = fmt::format("{}-{:03}-{}", application.app, number_ + 1, group);
    if (unit_noise(seed, 4) < 0.05) return hold(gpu, {}, application, pod, {});  // held and left alone: what costs money
    // The ranks of one job move together.
    write_load(application, class_.use == Use::training ? seed : mix_bits(seed, static_cast<std::uint64_t>(gpu)));
    write_processes(application, gpu % size);
    const bool unknown_to_us = class_.use == Use::research && unit_noise(seed, 5) < 0.1;  // runs beside the scheduler
    if (!unknown_to_us) hold(gpu, {}, application, pod, {});
  }

  // Slices of one profile on one GPU are all in use, or all free: which of them a holder gets is the server's choice.
  void plan_slices(int gpu) {
    const mig::Geometry* geometry = catalogue_.geometry(ModelId{class_.model});
    REEVE_CHECK(geometry != nullptr);
    const std::vector<int>& layout = layouts[static_cast<std::size_t>(gpu + number_) % layouts.size()];
    json_.key("mig").begin_array();
    for (std::size_t i = 0; i < layout.size(); ++i) {
      const int profile = layout[i];
      const std::uint64_t group_seed = seed_of(gpu, profile);
      json_.begin_object().field("profile", profile);
      if (unit_noise(group_seed, 3) < 0.65) {
        const std::uint64_t seed = mix_bits(group_seed, i);
        const Application& application = unit_noise(seed, 6) < 0.4 ? pick(research_applications, seed) : pick(serving_applications, seed);
        write_load(application, seed);
        write_processes(application, 0);
        hold(gpu, geometry->profile(profile)->name, application, fmt::format("{}-{:03}-{}-{}", application.app, number_ + 1, gpu, i),
             fmt::format("/{}", i));
      }
      json_.end_object();
    }
    json_.end_array();
  }

  void plan_faults(int gpu) {
    constexpr int xid_node = 2, hot_node = 5, lost_node = 11, worn_node = 7;
    if (number_ == worn_node && gpu == 0)
      json_.key("health").begin_object().field("remapped_correctable", 3).field("ecc_corrected", 41).end_object();
    json_.key("events").begin_array();
    if (number_ % pattern_nodes == xid_node && gpu == 3) {
      constexpr std::array codes{31, 13, 43, 31, 94};
      int n = 0;
      for (Timestamp at = start_ - hours(7 * 24); at < start_ + hours(30 * 24); at += hours(5) + std::chrono::minutes(17 * (n % 13)), ++n)
        json_.begin_object().field("at", at).field("xid", codes[static_cast<std::size_t>(n) % codes.size()]).end_object();
    }
    if (number_ % pattern_nodes == hot_node && gpu == 6)
      for (int n = -7 * 4; n < 30 * 4; ++n)
        json_.begin_object().field("at", start_ + hours(6 * n)).field("for", 2.5 * 3600).field("throttle", "thermal").end_object();
    if (number_ % pattern_nodes == lost_node && gpu == 1)
      json_.begin_object().field("at", start_ + std::chrono::minutes(2)).field("lost", true).end_object();
    json_.end_array();
  }

  int number_;
  Timestamp start_;
  const Catalogue& catalogue_;
  const NodeClass& class_;
  std::uint64_t seed_;
  PlannedNode node_{};
  JsonWriter json_{node_.scenario};
};

}  // namespace

std::vector<PlannedNode> plan_fleet(int nodes, Timestamp start, const Catalogue& catalogue) {
  std::vector<PlannedNode> fleet;
  for (int node = 0; node < nodes; ++node) fleet.push_back(NodePlanner(node, start, catalogue).plan());
  return fleet;
}

}  // namespace reeve::demo
