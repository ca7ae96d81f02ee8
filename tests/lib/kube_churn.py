"""Pods that are made, changed and deleted without pause, as fast as is asked for, whatever becomes of the API server meanwhile."""
import random
import threading
import time

from kube_client import CONTENT_OF_PATCH, ApiError
from kube_cluster import pod


class Churn:
    """Several threads that write pods of one namespace on the given nodes. Half of the writes change a label of a pod, a quarter make
    a pod, a quarter delete one; a kubelet (kwok) adds the changes of their status. start(), then stop(); `written` counts what the API
    server took, `refused` what it did not (it is gone for a while when a test kills it)."""

    def __init__(self, cluster, namespace, nodes, writes_per_second, threads=16, population=1000):
        self._client, self._namespace, self._nodes = cluster.client, namespace, nodes
        self._path = f"/api/v1/namespaces/{namespace}/pods"
        self._pause = threads / writes_per_second
        self._share = population // threads
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.written = self.refused = 0
        self.seconds = 0.0
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(threads)]

    def start(self):
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self.seconds = time.monotonic() - self._began

    def _run(self, number):
        dice, alive, made = random.Random(number), [], 0
        due = time.monotonic()
        while not self._stop.is_set():
            due = max(due + self._pause, time.monotonic() - 1)  # what was missed while it was down is not made up for
            self._stop.wait(max(0, due - time.monotonic()))
            made += 1
            done = self._write_one(dice, alive, f"churn-{number}-{made}")
            with self._lock:
                self.written, self.refused = self.written + done, self.refused + (not done)

    def _write_one(self, dice, alive, name):
        choice = dice.random()
        try:
            if not alive or (choice < 0.25 and len(alive) < self._share):
                self._client.create(self._path, pod(name, self._namespace, dice.choice(self._nodes), labels={"turn": "0"}))
                alive.append(name)
            elif choice < 0.5:
                victim = alive.pop(dice.randrange(len(alive)))
                self._client.delete(f"{self._path}/{victim}", now=dice.random() < 0.5)
            else:
                change = b'{"metadata":{"labels":{"turn":"%d"}}}' % dice.randrange(10**6)
                self._client.call("PATCH", f"{self._path}/{dice.choice(alive)}", change, CONTENT_OF_PATCH["merge"])
        except ApiError:
            return False
        return True
