"""A kubelet's PodResources service on a unix socket, by gRPC's own library: run by FakeKubelet with the Python that has it.

    pod_resources_server.py SOCKET FILE

FILE holds the answer and is read at each call: JSON of a ListPodResourcesResponse, or the very bytes when its name ends in .bin.
Ends when its standard input does.
"""
import concurrent.futures
import pathlib
import sys

import grpc
import pod_resources_pb2
from google.protobuf import json_format


def main():
    socket, answer = sys.argv[1], pathlib.Path(sys.argv[2])

    def list_all(_request, _context):
        if answer.suffix == ".bin":
            return answer.read_bytes()
        return json_format.Parse(answer.read_text(), pod_resources_pb2.ListPodResourcesResponse()).SerializeToString()

    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
    method = grpc.unary_unary_rpc_method_handler(list_all, pod_resources_pb2.ListPodResourcesRequest.FromString, lambda body: body)
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("v1.PodResourcesLister", {"List": method})])
    server.add_insecure_port(f"unix:{socket}")
    server.start()
    sys.stdin.read()
    server.stop(0)


if __name__ == "__main__":
    main()
