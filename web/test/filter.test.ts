import assert from "node:assert/strict";
import { test } from "node:test";
import { type Filter, filter_from_query, filter_to_query, no_filter, select, sorted } from "../src/fleet/filter.ts";
import { Fleet } from "../src/fleet/fleet.ts";
import { allocation, device, instance, node } from "./samples.ts";

function fleet_of_three(): Fleet {
  const fleet = new Fleet();
  fleet.load(
    [node("n1"), node("n2", { cluster: "seoul" }), node("n10")],
    [
      device("n1", 0, { uuid: "GPU-abc", free: true, values: { gpu_utilization_percent: 10 } }),
      device("n1", 1, { allocation: "A1", model: "l40s", model_name: "L40S" }),
      device("n2", 0, { mig_enabled: true, instances: [instance("n2-GPU-00", 7, 0, 1, { uuid: "MIG-xyz", allocation: "A2" }),
        instance("n2-GPU-00", 8, 1, 1, { free: true })], values: { gpu_utilization_percent: 90 } }),
      device("n10", 0, { lost: true }),
    ],
    [allocation("A1", "n1-GPU-01", { team: "vision", pod: "train-1" }), allocation("A2", "n2-GPU-00-MIG-07", { team: "speech" })],
  );
  return fleet;
}

const found = (filter: Partial<Filter>) =>
  select(fleet_of_three(), { ...no_filter, ...filter }).flatMap(({ matches }) => [...matches]).filter((id) => !id.includes("MIG")).sort();
const found_parts = (filter: Partial<Filter>) =>
  select(fleet_of_three(), { ...no_filter, ...filter }).flatMap(({ matches }) => [...matches]).filter((id) => id.includes("MIG")).sort();

test("without a filter everything is shown, nodes without GPUs too", () => {
  const fleet = fleet_of_three();
  fleet.replace_node("n11", node("n11"));
  assert.equal(select(fleet, no_filter).length, 4);
  assert.equal(select(fleet, { ...no_filter, use: "free" }).length, 2);
});

test("a word is looked for in node, UUID, model, pod, team and slices", () => {
  assert.deepEqual(found({ text: "gpu-ABC" }), ["n1-GPU-00"]);
  assert.deepEqual(found({ text: "mig-xyz" }), ["n2-GPU-00"]);
  assert.deepEqual(found({ text: "l40s" }), ["n1-GPU-01"]);
  assert.deepEqual(found({ text: "train-1" }), ["n1-GPU-01"]);
  assert.deepEqual(found({ text: "speech" }), ["n2-GPU-00"]);
  assert.deepEqual(found({ text: "seoul" }), ["n2-GPU-00"]);
  assert.deepEqual(found({ text: "nothing-of-this" }), []);
});

test("several words must all match, a field's word only in that field", () => {
  assert.deepEqual(found({ text: "n1 vision" }), ["n1-GPU-01"]);
  assert.deepEqual(found({ text: "team:vision" }), ["n1-GPU-01"]);
  assert.deepEqual(found({ text: "node:vision" }), []);
  assert.deepEqual(found({ text: "pod:train" }), ["n1-GPU-01"]);
});

test("choices narrow by model, state, use and MIG", () => {
  assert.deepEqual(found({ model: "l40s" }), ["n1-GPU-01"]);
  assert.deepEqual(found({ state: "LOST" }), ["n10-GPU-00"]);
  assert.deepEqual(found({ use: "free" }), ["n1-GPU-00", "n2-GPU-00"]);
  assert.deepEqual(found({ use: "held" }), ["n1-GPU-01", "n2-GPU-00"]);
  assert.deepEqual(found({ mig: "on" }), ["n2-GPU-00"]);
});

test("of a GPU that is found by a slice only that slice is found, of one that is named all are", () => {
  assert.deepEqual(found_parts({ text: "team:speech" }), ["n2-GPU-00-MIG-07"]);
  assert.deepEqual(found_parts({ use: "free" }), ["n2-GPU-00-MIG-08"]);
  assert.deepEqual(found_parts({ text: "n2-gpu" }), ["n2-GPU-00-MIG-07", "n2-GPU-00-MIG-08"]);
  assert.equal(select(fleet_of_three(), { ...no_filter, use: "free" })[0]?.gpus, 1);
});

test("nodes sort by number in their name, by load and by trouble", () => {
  const names = (by: Parameters<typeof sorted>[1]) => sorted(select(fleet_of_three(), no_filter), by).map(({ entry }) => entry.node.name);
  assert.deepEqual(names("name"), ["n1", "n2", "n10"]);
  assert.deepEqual(names("utilization"), ["n2", "n1", "n10"]);
  assert.deepEqual(names("trouble"), ["n10", "n1", "n2"]);
});

test("a filter survives the way through the address", () => {
  const filter: Filter = { text: "team:비전 x&y", model: "h100", state: "STALE", use: "free", mig: "off" };
  assert.deepEqual(filter_from_query(filter_to_query(filter, "name", "utilization", "m")), filter);
  assert.equal(filter_to_query(no_filter, "name", "utilization", "m"), "");
  assert.deepEqual(filter_from_query("?state=WRONG&use=maybe&mig="), no_filter);
});
