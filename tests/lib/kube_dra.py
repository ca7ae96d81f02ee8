"""Objects of resource.k8s.io/v1 for tests: one GPU of 80 GB that a driver gives out whole, or in MIG parts bounded by shared counters."""

DRIVER = "gpu.example.com"
MEMORY_SLICES = 8
COMPUTE_SLICES = 7


def _counters(compute, memory):
    return {"compute": {"value": str(compute)}, **{f"memory-{n}": {"value": "1"} for n in memory}}


def _device(name, profile, uuid, gibibytes, compute, memory):
    return {"name": name, "attributes": {"profile": {"string": profile}, "uuid": {"string": uuid}, "index": {"int": 0}},
            "capacity": {"memory": {"value": f"{gibibytes}Gi"}},
            "consumesCounters": [{"counterSet": "gpu-0", "counters": _counters(compute, memory)}]}


def partitionable_gpu(node):
    """A device class and two slices, since a slice has either counters or devices: gpu-0, gpu-0-3g-{0,4} and gpu-0-1g-{0..6}."""
    devices = [_device("gpu-0", "full", f"GPU-{node}", 80, COMPUTE_SLICES, range(MEMORY_SLICES))]
    devices += [_device(f"gpu-0-3g-{at}", "3g.40gb", f"MIG-{node}-3g-{at}", 40, 3, range(at, at + 4)) for at in (0, 4)]
    devices += [_device(f"gpu-0-1g-{at}", "1g.10gb", f"MIG-{node}-1g-{at}", 10, 1, [at]) for at in range(COMPUTE_SLICES)]
    pool = {"driver": DRIVER, "nodeName": node, "pool": {"name": node, "generation": 1, "resourceSliceCount": 2}}
    head = {"apiVersion": "resource.k8s.io/v1"}
    return [{**head, "kind": "DeviceClass", "metadata": {"name": DRIVER},
             "spec": {"selectors": [{"cel": {"expression": f'device.driver == "{DRIVER}"'}}]}},
            {**head, "kind": "ResourceSlice", "metadata": {"name": f"{node}-counters"},
             "spec": {**pool, "sharedCounters": [{"name": "gpu-0", "counters": _counters(COMPUTE_SLICES, range(MEMORY_SLICES))}]}},
            {**head, "kind": "ResourceSlice", "metadata": {"name": f"{node}-devices"}, "spec": {**pool, "devices": devices}}]


def claim_template(name, profile, namespace="default"):
    """What a pod names to get a claim of its own for one device of the profile ("full", "3g.40gb", "1g.10gb")."""
    selector = f'device.attributes["{DRIVER}"].?profile.orValue("") == "{profile}"'
    request = {"name": "gpu", "exactly": {"deviceClassName": DRIVER, "selectors": [{"cel": {"expression": selector}}]}}
    return {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaimTemplate", "metadata": {"name": name, "namespace": namespace},
            "spec": {"spec": {"devices": {"requests": [request]}}}}


def claiming(document, template):
    """The pod, with its container using one claim made from the template."""
    document["spec"]["resourceClaims"] = [{"name": "gpu", "resourceClaimTemplateName": template}]
    document["spec"]["containers"][0]["resources"]["claims"] = [{"name": "gpu"}]
    return document
