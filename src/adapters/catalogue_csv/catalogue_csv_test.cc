#include "adapters/catalogue_csv/catalogue_csv.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <set>

namespace reeve {
namespace {

const Catalogue& built_in() {
  static const Catalogue catalogue = load_catalogue().value();
  return catalogue;
}

std::string id_of(const ModelClues& clues) {
  const GpuModel* model = built_in().recognise(clues);
  return model == nullptr ? "" : model->id.text;
}

constexpr const char* model_header =
    "id,vendor,name,architecture,memory_gb,partition,max_instances,tdp_w,pci_device_ids,price_usd_per_gpu_h,note\n";

std::string fault_of_model(const std::string& row) {
  CatalogueSource source = built_in_catalogue();
  source.models.push_back({"my.csv", model_header + row + "\n"});
  const auto catalogue = parse_catalogue(source);
  return catalogue ? "" : catalogue.error().message;
}

TEST(CatalogueCsv, all_models_and_geometries_are_compiled_in) {
  EXPECT_EQ(built_in().models().size(), 49u);
  EXPECT_EQ(built_in().geometries().size(), 13u);
}

TEST(CatalogueCsv, the_models_of_the_old_system_keep_their_ids) {
  for (const char* id : {"GTX1080", "GTX1080TI", "TITANXP", "RTX2080", "RTX2080TI", "RTX3080", "RTX3090", "RTX4080", "RTX4090", "V100_16GB",
                         "V100_32GB", "A100_40GB", "A100_80GB", "H100_80GB"}) {
    const GpuModel* model = built_in().find(ModelId{id});
    ASSERT_NE(model, nullptr) << id;
    EXPECT_TRUE(model->market_segment) << id;
  }
}

TEST(CatalogueCsv, a_row_is_read_whole) {
  const GpuModel* h100 = built_in().find(ModelId{"H100_80GB"});
  ASSERT_NE(h100, nullptr);
  EXPECT_EQ(h100->name, "H100 80GB SXM5");
  EXPECT_EQ(h100->architecture, "Hopper");
  EXPECT_EQ(h100->memory_gb, 80);
  EXPECT_EQ(h100->driver_memory, MiB(81559));
  EXPECT_EQ(h100->tdp_watts, 700.0);
  EXPECT_EQ(h100->price_per_hour, MicroUsd(2'950'000));
  EXPECT_EQ(h100->partition, PartitionKind::mig);
  EXPECT_EQ(h100->max_instances, 7);
  EXPECT_EQ(h100->pci_device_ids, std::vector<std::string>{"2330"});
  EXPECT_EQ(built_in().find(ModelId{"GTX1080"})->price_per_hour, std::nullopt);
}

TEST(CatalogueCsv, every_mig_model_has_its_geometry_and_no_other_model_has_one) {
  for (const GpuModel& model : built_in().models())
    EXPECT_EQ(built_in().geometry(model.id) != nullptr, model.partition == PartitionKind::mig) << model.id.text;
  EXPECT_EQ(built_in().geometry(ModelId{"A100_40GB"})->name(), "A100-40GB (SXM4/PCIe)");
  EXPECT_EQ(built_in().geometry(ModelId{"a30"})->slots(), 4);
  EXPECT_EQ(built_in().geometry(ModelId{"rtx-pro-6000-se"})->slots(), 12);
}

TEST(CatalogueCsv, compute_instances_of_a_captured_board_are_those_of_the_file) {
  const auto in_3g = built_in().geometry(ModelId{"A100_40GB"})->compute_profiles(9);
  ASSERT_EQ(in_3g.size(), 3u);
  EXPECT_EQ(in_3g[0].name, "1c.3g.20gb");
  EXPECT_TRUE(in_3g[2].whole_instance);
  EXPECT_EQ(in_3g[2].multiprocessors, 42);
}

// Product names and PCI ids of seven real nvidia-smi captures (NVIDIA/k8s-test-infra, hardware test data at 3b2b865).
TEST(CatalogueCsv, the_names_that_real_drivers_report_are_recognised) {
  EXPECT_EQ(id_of({.product_name = "NVIDIA A100-SXM4-40GB"}), "A100_40GB");
  EXPECT_EQ(id_of({.product_name = "NVIDIA H100 80GB HBM3"}), "H100_80GB");
  EXPECT_EQ(id_of({.product_name = "NVIDIA B200"}), "b200");
  EXPECT_EQ(id_of({.product_name = "NVIDIA GB200"}), "gb200");
  EXPECT_EQ(id_of({.product_name = "NVIDIA GB300"}), "gb300");
  EXPECT_EQ(id_of({.product_name = "NVIDIA L40S"}), "l40s");
  EXPECT_EQ(id_of({.product_name = "Tesla T4"}), "t4");
}

TEST(CatalogueCsv, every_name_and_label_of_a_row_leads_back_to_it) {
  for (const GpuModel& model : built_in().models()) {
    for (const std::string& name : model.driver_product_names) EXPECT_EQ(id_of({.product_name = name}), model.id.text) << name;
    for (const std::string& label : model.kubernetes_labels) EXPECT_EQ(id_of({.product_name = label}), model.id.text) << label;
    for (const std::string& pci : model.pci_device_ids) EXPECT_EQ(id_of({.pci_device_id = pci}), model.id.text) << pci;
  }
}

TEST(CatalogueCsv, old_drivers_leave_out_the_makers_name) {
  EXPECT_EQ(id_of({.product_name = "GeForce GTX 1080 Ti"}), "GTX1080TI");
  EXPECT_EQ(id_of({.product_name = "A100-SXM4-80GB"}), "A100_80GB");
}

TEST(CatalogueCsv, a_slice_is_recognised_as_its_gpu) {
  EXPECT_EQ(id_of({.product_name = "NVIDIA A100-SXM4-40GB MIG 1g.5gb"}), "A100_40GB");
  EXPECT_EQ(id_of({.product_name = "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb"}), "H100_80GB");
}

TEST(CatalogueCsv, a_name_without_the_size_is_settled_by_memory_alone) {
  EXPECT_EQ(id_of({.product_name = "Tesla V100", .memory = MiB(16160)}), "V100_16GB");
  EXPECT_EQ(id_of({.product_name = "Tesla V100-SXM2", .memory = MiB(32768)}), "V100_32GB");
  EXPECT_EQ(id_of({.product_name = "NVIDIA A100", .memory = MiB(81920)}), "A100_80GB");
  EXPECT_EQ(id_of({.product_name = "NVIDIA A100"}), "");
  EXPECT_EQ(id_of({.product_name = "NVIDIA H100", .memory = MiB(81559)}), "");  // SXM or PCIe: both have it
}

TEST(CatalogueCsv, a_guess_is_never_made) {
  EXPECT_EQ(id_of({}), "");
  EXPECT_EQ(id_of({.product_name = "NVIDIA GeForce RTX 3080", .memory = MiB(12288)}), "");  // the 12 GB board is another model
  EXPECT_EQ(id_of({.product_name = "GeForce", .memory = MiB(10240)}), "");
  EXPECT_EQ(id_of({.product_name = "NVIDIA X1000", .pci_device_id = "FFFF"}), "");
}

TEST(CatalogueCsv, pci_ids_are_read_in_the_forms_of_drivers) {
  EXPECT_EQ(id_of({.product_name = "Graphics Device", .pci_device_id = "0x233010DE"}), "H100_80GB");
  EXPECT_EQ(id_of({.pci_device_id = "0x26b9"}), "l40s");
}

TEST(CatalogueCsv, a_row_at_run_time_replaces_the_known_one_and_adds_the_new_one) {
  CatalogueSource source = built_in_catalogue();
  source.models.push_back({"my.csv", std::string(model_header) + "t4,NVIDIA,My T4,Turing,16,none,0,60,1EB8,0.25,\n"
                                                                 "x1,NVIDIA,X 1,Rubin,288,none,0,1800,3333,,\n"});
  const auto catalogue = parse_catalogue(source);
  ASSERT_TRUE(catalogue) << catalogue.error().message;
  EXPECT_EQ(catalogue->models().size(), 50u);
  EXPECT_EQ(catalogue->find(ModelId{"t4"})->price_per_hour, MicroUsd(250'000));
  EXPECT_EQ(catalogue->find(ModelId{"x1"})->architecture, "Rubin");
}

TEST(CatalogueCsv, a_new_mig_gpu_is_rows_and_no_code) {
  CatalogueSource source = built_in_catalogue();
  source.models.push_back({"m.csv", std::string(model_header) + "x2,NVIDIA,X 2,Rubin,288,mig,4,1800,4444,,\n"});
  source.gpu_instance_profiles.push_back({"g.csv",
                                          "gpu,pci_device_ids,profile,smi_profile_id,nvml_enum,gpu_slices,mem_slices,memory_mib,max_"
                                          "instances,placement_starts,placement_size\n"
                                          "X2,4444,1g.72gb,14,1_SLICE(0),1,1,70000,4,0 1 2 3,1\n"
                                          "X2,4444,4g.288gb,0,4_SLICE(3),4,4,280000,1,0,4\n"
                                          "A30-24GB,20B7,1g.6gb,14,1_SLICE(0),1,1,6000,4,0 1 2 3,1\n"});
  source.compute_instance_profiles.push_back(
      {"c.csv",
       "gpu,gpu_instance_profile,name,ci_profile_id,nvml_enum,slices,max_instances,default,placement_starts,placement_size\n"
       "X2,1g.72gb,1g.72gb,0,1_SLICE(0),1,1,*,0,1\n"});
  const auto catalogue = parse_catalogue(source);
  ASSERT_TRUE(catalogue) << catalogue.error().message;
  EXPECT_EQ(catalogue->geometries().size(), 14u);
  ASSERT_NE(catalogue->geometry(ModelId{"x2"}), nullptr);
  EXPECT_EQ(catalogue->geometry(ModelId{"x2"})->profile(0)->memory, MiB(280000));
  EXPECT_EQ(catalogue->geometry(ModelId{"a30"})->profile(14)->memory, MiB(6000));
  EXPECT_EQ(catalogue->geometry(ModelId{"a30"})->profiles().size(), 5u);
}

TEST(CatalogueCsv, a_bad_model_row_is_refused_with_file_line_column_and_reason) {
  EXPECT_EQ(fault_of_model(",NVIDIA,X,Y,1,none,0,,,,"), "my.csv:2:1: id: must not be empty");
  EXPECT_EQ(fault_of_model("a b,NVIDIA,X,Y,1,none,0,,,,"), "my.csv:2:1: id: must be 1 to 64 letters, digits, '-', '_' or '.'");
  EXPECT_EQ(fault_of_model("x,Nvidia,X,Y,1,none,0,,,,"), "my.csv:2:3: vendor: 'Nvidia' is none of NVIDIA, AMD, Intel, Habana");
  EXPECT_EQ(fault_of_model("x,AMD,,Y,1,none,0,,,,"), "my.csv:2:7: name: must not be empty");
  EXPECT_EQ(fault_of_model("x,AMD,X,Y,,none,0,,,,"), "my.csv:2:11: memory_gb: must not be empty");
  EXPECT_EQ(fault_of_model("x,AMD,X,Y,1GB,none,0,,,,"), "my.csv:2:11: memory_gb: '1GB' is not a whole number");
  EXPECT_EQ(fault_of_model("x,AMD,X,Y,0,none,0,,,,"), "my.csv:2:11: memory_gb: 0 is not between 1 and 100000");
  EXPECT_EQ(fault_of_model("x,AMD,X,Y,1,maybe,0,,,,"), "my.csv:2:13: partition: 'maybe' is none of none, mig, amd_compute_modes");
  EXPECT_EQ(fault_of_model("x,AMD,X,Y,1,none,7,,,,"), "my.csv:2:18: max_instances: must be 0 where partition is none");
  EXPECT_EQ(fault_of_model("x,AMD,X,Y,1,none,0,hot,,,"), "my.csv:2:20: tdp_w: 'hot' is not a number");
  EXPECT_EQ(fault_of_model("x,AMD,X,Y,1,none,0,nan,,,"), "my.csv:2:20: tdp_w: 'nan' is not a number");
  EXPECT_EQ(fault_of_model("x,AMD,X,Y,1,none,0,,12g4,,"), "my.csv:2:21: pci_device_ids: '12g4' is not four upper-case hex digits");
  EXPECT_EQ(fault_of_model("x,AMD,X,Y,1,none,0,,,-1,"), "my.csv:2:22: price_usd_per_gpu_h: '-1' is not an amount of money");
  EXPECT_EQ(fault_of_model("x,AMD,X,Y,1,none,0,,,0.1234567,"), "my.csv:2:22: price_usd_per_gpu_h: '0.1234567' is finer than a millionth");
  EXPECT_EQ(fault_of_model("x,AMD,X,Y,1,none,0,,,,\nx,AMD,X,Y,1,none,0,,,,"), "my.csv:3:1: id: 'x' is there twice");
  EXPECT_EQ(fault_of_model("x,AMD,X"), "my.csv:2:1: 3 fields where the header has 11");
}

TEST(CatalogueCsv, all_faults_of_a_file_are_told) {
  EXPECT_EQ(fault_of_model("x,AMD,,Y,1,none,0,,,,\ny,AMD,Y,Z,1,none,0,hot,,,"),
            "my.csv:2:7: name: must not be empty\nmy.csv:3:20: tdp_w: 'hot' is not a number");
}

TEST(CatalogueCsv, a_wrong_header_is_refused) {
  const auto parsed = parse_catalogue({.models = {{"h.csv", "id,vendor,name,architecture,memory_gb,color\n"}}});
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().message, "h.csv:1:1: column 'partition' is missing\nh.csv:1:39: unknown column 'color'");
}

TEST(CatalogueCsv, a_bad_mig_row_is_refused_with_its_place) {
  const std::string header =
      "gpu,pci_device_ids,profile,smi_profile_id,nvml_enum,gpu_slices,mem_slices,max_instances,placement_starts,placement_size,p2p\n";
  const auto fault = [&](const std::string& row) {
    const auto parsed = parse_catalogue({.gpu_instance_profiles = {{"g.csv", header + row + "\n"}}});
    return parsed ? "" : parsed.error().message;
  };
  EXPECT_EQ(fault("G,1234,1g,19,one,1,1,1,0,1,No"), "g.csv:2:14: nvml_enum: 'one' is not like 2_SLICE(1)");
  EXPECT_EQ(fault("G,1234,1g,19,0,1,1,1,0 x,1,No"), "g.csv:2:22: placement_starts: 'x' is not a slot number");
  EXPECT_EQ(fault("G,1234,1g,19,0,1,1,2,2 1,1,No"), "g.csv:2:22: placement_starts: must ascend");
  EXPECT_EQ(fault("G,1234,1g,19,0,1,1,7,,1,No"), "g.csv:2:22: placement_starts: must name a start");
  EXPECT_EQ(fault("G,1234,1g,19,0,1,1,1,0,1,perhaps"), "g.csv:2:26: p2p: 'perhaps' is neither Yes nor No");
  EXPECT_EQ(fault("G,1234,1g,19,0,0,1,1,0,1,No"), "g.csv:2:16: gpu_slices: 0 is not between 1 and 64");
}

TEST(CatalogueCsv, mig_rows_that_contradict_each_other_are_refused_with_their_place) {
  const std::string header =
      "gpu,pci_device_ids,profile,smi_profile_id,nvml_enum,gpu_slices,mem_slices,max_instances,placement_starts,placement_size\n"
      "G,1234,2g,0,1,2,2,1,0,2\n";
  const auto fault = [&](const std::string& row) {
    const auto parsed = parse_catalogue({.gpu_instance_profiles = {{"g.csv", header + row + "\n"}}});
    return parsed ? "" : parsed.error().message;
  };
  EXPECT_EQ(fault("G,1234,1g,19,0,1,1,2,0 1,1"), "");
  EXPECT_EQ(fault("G,1234,1g,0,0,1,1,2,0 1,1"), "g.csv:3:11: smi_profile_id: 0 is there twice");
  EXPECT_EQ(fault("G,1234,2g,19,0,1,1,2,0 1,1"), "g.csv:3:8: profile: '2g' is the name of profile 0 already");
  EXPECT_EQ(fault("G,1234,1g,19,1,1,1,2,0 1,1"), "g.csv:3:14: nvml_enum: 1 is the number of profile 0 already");
  EXPECT_EQ(fault("G,1234,1g,19,0,1,1,3,0 1,1"), "g.csv:3:20: max_instances: 3 instances do not fit on 2 starts");
  EXPECT_EQ(fault("G,1234,1g,19,0,1,1,2,0 2,1"), "g.csv:3:22: placement_starts: 1 slots from 2 on are outside the 2 slots of the GPU");
  EXPECT_EQ(fault("G,1234,1g,19,0,1,3,2,0 1,1"), "g.csv:3:18: mem_slices: 3 is more than the 2 slots of the GPU");
  EXPECT_EQ(fault("G,1235,1g,19,0,1,1,2,0 1,1"), "g.csv:3:3: pci_device_ids: must be the same in all rows of 'G'");
  EXPECT_EQ(fault("H,1234,1g,19,0,1,1,2,0 1,1"), "g.csv:3:3: pci_device_ids: 1234 is 'G' already");
  EXPECT_EQ(fault("H,12x4,1g,19,0,1,1,2,0 1,1"), "g.csv:3:3: pci_device_ids: '12x4' is not four upper-case hex digits");
}

TEST(CatalogueCsv, a_file_without_text_and_one_in_another_encoding_are_refused) {
  EXPECT_EQ(fault_of_model("x,AMD,X \xe9,Y,1,none,0,,,,"), "my.csv:2:7: not UTF-8");
  const std::string path = testing::TempDir() + "reeve_models_empty.csv";
  std::ofstream(path).flush();
  const auto catalogue = load_catalogue({.models = path});
  std::remove(path.c_str());
  ASSERT_FALSE(catalogue);
  EXPECT_TRUE(catalogue.error().message.ends_with("reeve_models_empty.csv:1:1: no header")) << catalogue.error().message;
}

TEST(CatalogueCsv, a_compute_profile_of_an_unknown_gpu_is_refused) {
  CatalogueSource source = built_in_catalogue();
  source.compute_instance_profiles.push_back(
      {"c.csv",
       "gpu,gpu_instance_profile,name,ci_profile_id,nvml_enum,slices,max_instances,default,placement_starts,placement_size\n"
       "A3,1g.6gb,1g.6gb,0,0,1,1,*,0,1\nA30-24GB,9g,9g,0,0,1,1,*,0,1\n"});
  const auto parsed = parse_catalogue(source);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().message,
            "c.csv:2:1: gpu: no GPU instance profiles of 'A3' are known\n"
            "c.csv:3:10: gpu_instance_profile: 'A30-24GB' has no profile '9g'");
}

TEST(CatalogueCsv, an_extension_is_read_from_its_file_and_a_missing_file_is_told) {
  const std::string path = testing::TempDir() + "reeve_models_extension.csv";
  std::ofstream(path) << model_header << "x1,NVIDIA,X 1,Rubin,288,none,0,1800,3333,,\n";
  const auto catalogue = load_catalogue({.models = path});
  std::remove(path.c_str());
  ASSERT_TRUE(catalogue) << catalogue.error().message;
  EXPECT_NE(catalogue->find(ModelId{"x1"}), nullptr);
  const auto missing = load_catalogue({.models = path});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::not_found);
}

}  // namespace
}  // namespace reeve
