"""Pods that serve language models, from their manifests to their history; the engines are processes of this machine."""
import http.server
import threading
import unittest
import urllib.parse

from kube_case import KubernetesCase
from kube_cluster import pod
from reeve_process import wait_until

NEVER = "None of these says anything: a page that is no engine's.\n"


class Engine(http.server.ThreadingHTTPServer):
    """Answers /metrics as an engine does that has worked so much."""

    daemon_threads = True

    def __init__(self, kind, model):
        super().__init__(("127.0.0.1", 0), Page)
        self.kind, self.model = kind, model
        self.prompts = self.generated = self.requests = 0
        self.answers = True
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    def work(self, requests, prompt, tokens):
        self.requests += requests
        self.prompts += requests * prompt
        self.generated += requests * tokens

    def restart(self):
        self.prompts = self.generated = self.requests = 0

    def text(self):
        name, first = f'model_name="{self.model}"', f"{self.kind}:time_to_first_token_seconds_bucket"
        buckets = "".join(f'{first}{{le="{bound}",{name}}} {count}\n' for bound, count in
                          (("0.1", 0), ("0.2", self.requests // 2), ("0.4", self.requests), ("+Inf", self.requests)))
        tokens = f"{self.kind}:prompt_tokens_total{{{name}}} {self.prompts}.0\n{self.kind}:generation_tokens_total{{{name}}} {self.generated}.0\n"
        if self.kind == "vllm":
            return (f'vllm:num_requests_running{{engine="0",{name}}} 2.0\nvllm:num_requests_running{{engine="1",{name}}} 1.0\n'
                    f'vllm:num_requests_waiting{{{name}}} 4.0\nvllm:num_requests_waiting_by_reason{{reason="capacity",{name}}} 4.0\n'
                    f'vllm:kv_cache_usage_perc{{{name}}} 0.25\nvllm:request_success_total{{finished_reason="stop",{name}}} {self.requests}.0\n' + tokens + buckets)
        ranks = "".join(f'sglang:num_running_reqs{{tp_rank="{rank}",{name}}} 5.0\n' for rank in (0, 1))
        return ranks + f'sglang:num_queue_reqs{{{name}}} 0.0\nsglang:token_usage{{{name}}} 0.5\n' + tokens + buckets


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        good = self.server.answers and self.path == "/metrics"
        body = (self.server.text() if good else NEVER).encode()
        self.send_response(200 if good else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Serving(KubernetesCase):
    CLUSTER = {"nodes": 2, "gpus": 8}

    def engine(self, kind, model):
        made = Engine(kind, model)
        self.addCleanup(made.server_close)
        self.addCleanup(made.shutdown)
        return made

    def servers(self, serve):
        status, body = serve.get("/api/v1/cluster/servers?limit=1000")
        self.assertEqual(status, 200, body)
        return {(one["namespace"], one["pod"]): one for one in body["items"]}

    def wait_for(self, serve, key, condition, what):
        def reached():
            one = self.servers(serve).get(key)
            return one and condition(one) and one
        return wait_until(reached, seconds=30, what=f"{what} of {key}")

    def history(self, serve, resource, metric):
        status, body = serve.get(f"/api/v1/metrics/query?resources={urllib.parse.quote(resource)}&metrics={metric}&step=1")
        self.assertEqual(status, 200, body)
        return [point[5] for series in body["series"] for point in series["points"]]

    def test_servers_are_found_measured_and_remembered(self):
        space = self.namespace("models")
        vllm, sglang = self.engine("vllm", "Qwen/Qwen3-0.6B"), self.engine("sglang", "org/other")
        self.client.create_all([
            pod("qwen", space, node_name="node-0000", gpus=1, image="vllm/vllm-openai:v0.11.0", host_network=True,
                args=["--model", "Qwen/Qwen3-0.6B", "--port", str(vllm.port)], labels={"version": "v2"}),
            pod("other", space, node_name="node-0001", gpus=1, image="lmsysorg/sglang:v0.5", host_network=True, command=["sh", "-c"],
                args=[f"exec python3 -m sglang.launch_server --model-path org/other --enable-metrics --port {sglang.port} 2>&1 | tee /log"]),
            pod("router", space, node_name="node-0001", image="lmcache/lmstack-router", args=["--port", "8000"]),
        ])
        self.cluster.wait_for_pods(3, namespace=space)
        serve = self.serve()
        key = (space, "qwen")
        self.wait_for(serve, key, lambda one: one["at"], "an answer")
        self.assertEqual(set(self.servers(serve)), {key, (space, "other")})
        vllm.work(requests=20, prompt=100, tokens=50)
        one = self.wait_for(serve, key, lambda one: one["values"]["time_to_first_token_p95_seconds"], "a latency")
        self.assertEqual((one["engine"], one["served_model"], one["model_version"]), ("vllm", "Qwen/Qwen3-0.6B", "v2"))
        self.assertEqual((one["values"]["requests_running"], one["values"]["requests_waiting"]), (3, 4))
        self.assertEqual(one["values"]["kv_cache_usage_ratio"], 0.25)
        self.assertAlmostEqual(one["values"]["time_to_first_token_p50_seconds"], 0.2)
        self.assertAlmostEqual(one["values"]["time_to_first_token_p95_seconds"], 0.38)
        self.assertEqual(one["values"]["prompt_tokens_total"], 2000)
        self.assertEqual(self.servers(serve)[(space, "other")]["values"]["requests_running"], 5)

        vllm.restart()
        vllm.work(requests=1, prompt=7, tokens=1)
        self.wait_for(serve, key, lambda one: one["values"]["prompt_tokens_total"] == 2007, "a total that goes on")
        vllm.answers = False
        failed = self.wait_for(serve, key, lambda one: one["values"]["requests_running"] is None, "forgotten values")
        self.assertIn("HTTP status 503", failed["last_error"])

        rates = self.history(serve, "served-model/Qwen/Qwen3-0.6B", "prompt_tokens_per_second")
        self.assertGreater(max(rates), 500)
        totals = self.history(serve, f"pod/{space}/qwen", "prompt_tokens_total")
        self.assertEqual((totals, totals[-1]), (sorted(totals), 2007))
        self.assertIn(0.5, self.history(serve, "engine/sglang", "kv_cache_usage_ratio"))
        wait_until(lambda: 2 in self.history(serve, f"namespace/{space}", "requested_gpus"), what="the GPUs that a namespace asks for")
        status, text = serve.get("/metrics")
        self.assertEqual(status, 200)
        self.assertIn(f'reeve_serving_up{{namespace="{space}",pod="qwen",engine="vllm",model="Qwen/Qwen3-0.6B"}} 0', text)
        self.assertIn(f'reeve_serving_kv_cache_usage_ratio{{namespace="{space}",pod="other",engine="sglang",model="org/other"}} 0.5', text)

        self.client.delete(f"/api/v1/namespaces/{space}/pods/qwen")
        wait_until(lambda: key not in self.servers(serve), what="a server that is gone")


if __name__ == "__main__":
    unittest.main()
