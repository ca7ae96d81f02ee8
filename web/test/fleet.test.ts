import assert from "node:assert/strict";
import { test } from "node:test";
import { cost_per_hour, device_utilization, Fleet, level, summarize, trouble } from "../src/fleet/fleet.ts";
import { allocation, device, instance, node } from "./samples.ts";

function small_fleet(): Fleet {
  const fleet = new Fleet();
  fleet.load(
    [node("n1"), node("n2")],
    [device("n1", 1), device("n1", 0), device("n2", 0, { mig_enabled: true, memory_slots: 8, instances: [instance("n2-GPU-00", 7, 0, 4)] })],
    [],
  );
  return fleet;
}

test("GPUs stand in the order of their index, whatever order they came in", () => {
  assert.deepEqual(small_fleet().nodes.get("n1")?.devices.map((one) => one.index), [0, 1]);
});

test("readings change values, and what is missing becomes unknown, not zero", () => {
  const fleet = small_fleet();
  const touched = fleet.apply_readings({
    at: "2026-11-24T00:00:00Z",
    nodes: [{ name: "n1", observed_at: "2026-11-24T00:00:00Z", stale: false, devices: [
      { id: "n1-GPU-00", util: 91, mem_used: 2048, temp: null, power: 300.5, state: "ACTIVE", allocation: null }] }],
  });
  assert.deepEqual([...touched], ["n1"]);
  const values = fleet.devices.get("n1-GPU-00")?.values;
  assert.equal(values?.["gpu_utilization_percent"], 91);
  assert.equal(values?.["power_watts"], 300.5);
  assert.ok(values && !("gpu_temperature_celsius" in values));
});

test("readings of slices reach the slices, and a stale node makes all its GPUs stale", () => {
  const fleet = small_fleet();
  fleet.apply_readings({
    at: "", nodes: [{ name: "n2", observed_at: null, stale: true, devices: [
      { id: "n2-GPU-00", util: null, mem_used: null, temp: 50, power: 90, state: "ACTIVE", allocation: null,
        instances: [{ id: "n2-GPU-00-MIG-07", util: 40, mem_used: 9, allocation: "A1" }] }] }],
  });
  assert.equal(fleet.instances.get("n2-GPU-00-MIG-07")?.values["gpu_utilization_percent"], 40);
  assert.equal(fleet.instances.get("n2-GPU-00-MIG-07")?.allocation, "A1");
  assert.equal(trouble(fleet.devices.get("n2-GPU-00")!), "stale");
});

test("readings of nodes that are not known change nothing", () => {
  const fleet = small_fleet();
  assert.equal(fleet.apply_readings({ at: "", nodes: [{ name: "n9", observed_at: null, stale: false, devices: [] }] }).size, 0);
  assert.equal(fleet.nodes.size, 2);
});

test("an allocation takes a GPU, and its end gives the name of the node to ask again", () => {
  const fleet = small_fleet();
  assert.equal(fleet.apply_allocation(allocation("A1", "n1-GPU-00")), "n1");
  assert.equal(fleet.devices.get("n1-GPU-00")?.free, false);
  assert.equal(fleet.holder(fleet.devices.get("n1-GPU-00")!)?.pod, "pod-A1");
  assert.equal(fleet.apply_allocation({ ...allocation("A1", "n1-GPU-00"), status: "RELEASED" }), "n1");
  assert.equal(fleet.holder(fleet.devices.get("n1-GPU-00")!), undefined);
});

test("the late end of an older allocation does not take the GPU from its new holder", () => {
  const fleet = small_fleet();
  fleet.apply_allocation(allocation("A2", "n1-GPU-00"));
  fleet.apply_allocation({ ...allocation("A1", "n1-GPU-00"), status: "RELEASED" });
  assert.equal(fleet.devices.get("n1-GPU-00")?.allocation, "A2");
});

test("a node that is replaced loses the GPUs and slices that went away", () => {
  const fleet = small_fleet();
  fleet.replace_node("n2", { ...node("n2"), devices: [device("n2", 3)] });
  assert.ok(fleet.devices.has("n2-GPU-03"));
  assert.ok(!fleet.devices.has("n2-GPU-00"));
  assert.equal(fleet.instances.size, 0);
  fleet.replace_node("n2", undefined);
  assert.equal(fleet.nodes.size, 1);
});

test("the worst fault is named first", () => {
  assert.equal(trouble(device("n", 0, { state: "FAILED", lost: true, stale: true })), "failed");
  assert.equal(trouble(device("n", 0, { lost: true, stale: true })), "lost");
  assert.equal(trouble(device("n", 0, { state: "MAINTENANCE" })), "maintenance");
  assert.equal(trouble(device("n", 0)), undefined);
});

test("levels run from 0 to 1 and are unknown when a part is unknown", () => {
  const gpu = device("n", 0, { memory_mib: 1000, values: { gpu_utilization_percent: 130, memory_used_mib: 250, power_watts: 350, gpu_temperature_celsius: 25 } });
  assert.equal(level(gpu, "utilization"), 1);
  assert.equal(level(gpu, "memory"), 0.25);
  assert.equal(level(gpu, "temperature"), 0);
  assert.equal(level(gpu, "power"), undefined); // no limit is known
  assert.equal(level(device("n", 0), "utilization"), undefined);
});

test("a slice's engine ratio counts as its utilisation", () => {
  assert.equal(level(instance("d", 1, 0, 1, { values: { graphics_engine_active_ratio: 0.5 } }), "utilization"), 0.5);
});

test("a MIG GPU is as busy as its slices, by size, and free slots are idle", () => {
  const busy = { values: { graphics_engine_active_ratio: 1 } };
  const gpu = device("n", 0, { memory_slots: 8, instances: [instance("n-GPU-00", 1, 0, 4, busy), instance("n-GPU-00", 2, 4, 2)] });
  assert.equal(device_utilization(gpu), 50);
});

test("cost is the sum of what holders pay, and unknown when nobody's price is known", () => {
  const fleet = small_fleet();
  fleet.apply_allocation(allocation("A1", "n1-GPU-00"));
  assert.equal(cost_per_hour(fleet, fleet.devices.values()), undefined);
  fleet.apply_allocation(allocation("A2", "n1-GPU-01", { cost_per_hour_usd: 2.5 }));
  assert.equal(cost_per_hour(fleet, fleet.devices.values()), 2.5);
});

test("the summary leaves out what is unknown, lost or stale instead of counting it as zero", () => {
  const devices = [
    device("n", 0, { values: { gpu_utilization_percent: 80, power_watts: 300 }, allocation: "A" }),
    device("n", 1, { free: true }),
    device("n", 2, { lost: true, values: { gpu_utilization_percent: 0 } }),
    device("n", 3, { state: "FAILED" }),
  ];
  const sum = summarize([{ node: node("n"), devices }]);
  assert.equal(sum.utilization_percent, 80);
  assert.equal(sum.power_watts, 300);
  assert.equal(sum.memory_used_mib, undefined);
  assert.equal(sum.devices, 4);
  assert.equal(sum.devices_free, 1);
  assert.equal(sum.devices_held, 1);
  assert.equal(sum.devices_failed, 2);
  assert.equal(sum.unmeasured, 3);
  assert.deepEqual(sum.histogram, [0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
});
