// A kubelet for the tests of the agent: answers every call with the message in a file, says where it listens, and ends
// with its standard input.
//   fake_kubelet MESSAGE_FILE

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "adapters/kubelet/fake_kubelet_test.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::ifstream in(argv[1], std::ios::binary);
  const std::string message{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const reeve::kubelet::FakeKubelet kubelet({.body = reeve::kubelet::framed(message)});
  std::printf("%s\n", kubelet.socket().c_str());
  std::fflush(stdout);
  while (std::getchar() != EOF) continue;
  return 0;
}
