#include "adapters/kube/api_client.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "adapters/kube/api_error.h"
#include "testing/fake_object_api.h"
#include "testing/scripted_server.h"
#include "testing/test_certificates.h"

namespace reeve::kube {
namespace {

namespace json = boost::json;

std::shared_ptr<Credentials> credentials_for(const std::string& url, ClusterAccess access = {}) {
  EXPECT_TRUE(set_server(access, url));
  return std::make_shared<Credentials>(std::move(access));
}

const ApiObject pod{.resource = api_pods, .namespace_name = "gpus", .name = "train"};
const ApiObject pods{.resource = api_pods, .namespace_name = "gpus"};
constexpr const char* pod_path = "/api/v1/namespaces/gpus/pods/train";

json::value pod_content() { return {{"kind", "Pod"}, {"metadata", {{"name", "train"}}}, {"spec", {{"x", 1}}}}; }

class KubeApi : public testing::Test {
 protected:
  FakeObjectApi api{};
  ApiClient client{credentials_for(api.url()), {.retry_after_max = Milliseconds(1'000)}};

  std::string refusal(http::Response answer) {
    api.answer_next(std::move(answer));
    const auto got = client.get(pod);
    EXPECT_FALSE(got);
    return got ? "" : fmt::format("{} {}", to_text(got.error().code), got.error().message);
  }
};

TEST(KubeApiPath, groups_namespaces_and_subresources_have_their_places) {
  EXPECT_EQ(api_path({.resource = api_nodes}), "/api/v1/nodes");
  EXPECT_EQ(api_path(pod), pod_path);
  EXPECT_EQ(api_path({.resource = api_leases, .namespace_name = "a", .name = "b"}), "/apis/coordination.k8s.io/v1/namespaces/a/leases/b");
  EXPECT_EQ(api_path({.resource = api_pods, .namespace_name = "a", .name = "b", .subresource = "status"}),
            "/api/v1/namespaces/a/pods/b/status");
  EXPECT_EQ(api_path({.resource = api_pods, .namespace_name = "../x", .name = "a?b"}), "/api/v1/namespaces/..%2Fx/pods/a%3Fb");
}

TEST_F(KubeApi, an_object_is_created_read_changed_and_removed) {
  const auto created = client.create(pod, pod_content());
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ(api.requests().back().path, "/api/v1/namespaces/gpus/pods");
  EXPECT_EQ(api.requests().back().parameter("fieldManager"), "reeve");
  auto got = client.get(pod);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->at("spec").at("x"), 1);
  got->at("spec").at("x") = 2;
  ASSERT_TRUE(client.update(pod, *got));
  const auto stale = client.update(pod, *got);
  ASSERT_FALSE(stale) << "the resource version is a precondition";
  EXPECT_EQ(stale.error().code, Errc::conflict);
  ASSERT_TRUE(client.remove(pod));
  EXPECT_EQ(client.remove(pod).error().code, Errc::not_found);
  EXPECT_EQ(client.get(pod).error().code, Errc::not_found);
}

TEST_F(KubeApi, apply_says_who_applies_and_whether_by_force) {
  ASSERT_TRUE(client.apply(pod, pod_content()));
  ASSERT_TRUE(client.apply(pod, pod_content(), true));
  const auto requests = api.requests();
  EXPECT_EQ(requests[0].method, "PATCH");
  EXPECT_EQ(requests[0].header("Content-Type"), "application/apply-patch+yaml");
  EXPECT_EQ(requests[0].parameter("fieldManager"), "reeve");
  EXPECT_FALSE(requests[0].parameter("force"));
  EXPECT_EQ(requests[1].parameter("force"), "true");
}

TEST_F(KubeApi, a_patch_of_the_status_leaves_the_rest_alone) {
  api.put(pod_path, pod_content());
  ApiObject status = pod;
  status.subresource = "status";
  ASSERT_TRUE(client.patch(status, {{"status", {{"phase", "Running"}}}, {"spec", {{"x", 7}}}}));
  EXPECT_EQ(api.requests().back().header("Content-Type"), "application/merge-patch+json");
  const auto kept = api.object(pod_path);
  EXPECT_EQ(kept->at("status").at("phase"), "Running");
  EXPECT_EQ(kept->at("spec").at("x"), 1);
  ASSERT_TRUE(client.patch(pod, {{"spec", {{"x", 9}}}}));
  EXPECT_EQ(api.object(pod_path)->at("spec").at("x"), 9);
}

TEST_F(KubeApi, a_delete_is_bound_to_what_was_looked_at) {
  api.put(pod_path, pod_content());
  const auto other = client.remove(pod, {.uid = "another"});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Errc::conflict);
  const std::string uid(api.object(pod_path)->at("metadata").at("uid").as_string());
  EXPECT_TRUE(client.remove(pod, {.uid = uid}));
}

TEST_F(KubeApi, a_list_comes_in_pages) {
  for (int i = 0; i < 5; ++i)
    api.put(fmt::format("/api/v1/namespaces/gpus/pods/p{}", i), {{"metadata", {{"name", fmt::format("p{}", i)}}}});
  std::vector<std::string> names;
  ListOptions options{.label_selector = "a=b,c!=d", .limit = 2};
  do {
    auto page = client.list(pods, options);
    ASSERT_TRUE(page) << page.error().message;
    EXPECT_FALSE(page->resource_version.empty());
    for (const auto& item : page->items.as_array()) names.emplace_back(item.at("metadata").at("name").as_string());
    options.continue_token = page->continue_token;
  } while (!options.continue_token.empty());
  EXPECT_EQ(names, (std::vector<std::string>{"p0", "p1", "p2", "p3", "p4"}));
  EXPECT_EQ(api.requests().size(), 3U);
  EXPECT_EQ(api.requests().back().parameter("labelSelector"), "a=b,c!=d");
}

TEST_F(KubeApi, a_403_names_the_verb_to_grant_and_where) {
  EXPECT_EQ(refusal(FakeObjectApi::status(403, "Forbidden", "pods \"train\" is forbidden")),
            "UNAUTHORIZED cannot get pods 'train' in namespace 'gpus': the account of Reeve may not: grant the verb 'get' on 'pods' "
            "in namespace 'gpus' (pods \"train\" is forbidden)");
  api.answer_next(FakeObjectApi::status(403, "Forbidden", ""));
  EXPECT_EQ(client.list({.resource = api_leases}, {}).error().message,
            "cannot list leases.coordination.k8s.io: the account of Reeve may not: grant the verb 'list' on 'leases.coordination.k8s.io' "
            "in the whole cluster (a ClusterRole)");
  api.answer_next(FakeObjectApi::status(403, "Forbidden", ""));
  const auto patched = client.patch({.resource = api_nodes, .name = "n1", .subresource = "status"}, json::object());
  EXPECT_NE(patched.error().message.find("grant the verb 'patch' on 'nodes/status'"), std::string::npos) << patched.error().message;
}

TEST_F(KubeApi, failures_keep_the_servers_reason_and_say_what_can_be_done) {
  EXPECT_EQ(refusal(FakeObjectApi::status(422, "Invalid", "spec.x: must be positive")),
            "INVALID_ARGUMENT cannot get pods 'train' in namespace 'gpus': Invalid: spec.x: must be positive");
  EXPECT_EQ(refusal(FakeObjectApi::status(410, "Expired", "too old")),
            "CONFLICT cannot get pods 'train' in namespace 'gpus': Expired: too old");
  EXPECT_EQ(refusal(FakeObjectApi::status(504, "Timeout", "late")), "TIMED_OUT cannot get pods 'train' in namespace 'gpus': Timeout: late");
  EXPECT_EQ(refusal(FakeObjectApi::status(500, "InternalError", "etcd")),
            "UNAVAILABLE cannot get pods 'train' in namespace 'gpus': InternalError: etcd");
  EXPECT_EQ(refusal(http::text_response(502, "text/html", "<html>bad gateway</html>")),
            "UNAVAILABLE cannot get pods 'train' in namespace 'gpus': the API server answers 502");
  EXPECT_EQ(refusal(http::text_response(400, "text/plain", "no")),
            "INVALID_ARGUMENT cannot get pods 'train' in namespace 'gpus': the API server answers 400: no");
  EXPECT_EQ(refusal(http::text_response(200, "text/html", "<html>log in</html>")),
            fmt::format("UNAVAILABLE cannot get pods 'train' in namespace 'gpus': the answer of {} is no object of Kubernetes", api.url()));
}

TEST_F(KubeApi, a_server_that_is_gone_is_unavailable_and_named) {
  ApiClient nobody(credentials_for("http://127.0.0.1:1"));
  const auto got = nobody.get(pod);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error(), (Error{Errc::unavailable,
                                "cannot get pods 'train' in namespace 'gpus': cannot reach http://127.0.0.1:1: "
                                "Connection refused"}));
}

TEST_F(KubeApi, a_server_that_is_busy_is_asked_again_after_the_time_it_wants) {
  api.put(pod_path, pod_content());
  auto busy = FakeObjectApi::status(429, "TooManyRequests", "slow down");
  busy.headers.emplace("Retry-After", "0");
  api.answer_next(busy);
  api.answer_next(FakeObjectApi::status(503, "ServiceUnavailable", "starting", R"(,"details":{"retryAfterSeconds":0})"));
  EXPECT_TRUE(client.get(pod));
  EXPECT_EQ(api.requests().size(), 3U);
  for (int i = 0; i < 10; ++i) api.answer_next(busy);
  EXPECT_EQ(client.get(pod).error().code, Errc::exhausted);
  EXPECT_EQ(api.requests().size(), 7U) << "the retries are bounded";
}

TEST_F(KubeApi, a_longer_wait_than_allowed_or_none_named_is_a_failure_at_once) {
  auto busy = FakeObjectApi::status(429, "TooManyRequests", "slow down");
  EXPECT_EQ(refusal(busy), "EXHAUSTED cannot get pods 'train' in namespace 'gpus': TooManyRequests: slow down");
  busy.headers.emplace("Retry-After", "2");
  EXPECT_TRUE(refusal(busy).starts_with("EXHAUSTED"));
  EXPECT_EQ(api.requests().size(), 2U);
}

TEST_F(KubeApi, a_wait_for_a_busy_server_can_be_cancelled) {
  ApiClient patient(credentials_for(api.url()), {.retry_after_max = std::chrono::hours(1)});
  auto busy = FakeObjectApi::status(503, "ServiceUnavailable", "");
  busy.headers.emplace("Retry-After", "600");
  api.answer_next(busy);
  std::jthread other([&] {
    while (api.requests().empty()) std::this_thread::yield();
    patient.cancel();
  });
  const auto got = patient.get(pod);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::unavailable);
  EXPECT_EQ(patient.get(pod).error().code, Errc::unavailable) << "and all later calls fail";
}

TEST_F(KubeApi, sizes_are_limited) {
  api.put(pod_path, {{"metadata", {{"name", "train"}}}, {"blob", std::string(5000, 'x')}});
  ApiClient small(credentials_for(api.url()), {.request_bytes_max = 1000, .answer_bytes_max = 4000});
  EXPECT_EQ(small.get(pod).error().code, Errc::invalid_argument);
  const auto before = api.requests().size();
  EXPECT_EQ(small.create(pods, {{"metadata", {{"name", std::string(2000, 'y')}}}}).error().code, Errc::invalid_argument);
  EXPECT_EQ(api.requests().size(), before) << "nothing of it is sent";
}

TEST_F(KubeApi, a_401_reads_the_token_again_and_asks_once_more) {
  std::string folder = testing::TempDir() + "/reeve-kube-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const auto write = [&](std::string_view token) { std::ofstream(folder + "/token") << token; };
  write("old-secret");
  api.put(pod_path, pod_content());
  api.want_token("old-secret");
  ApiClient rotating(credentials_for(api.url(), {.token_file = folder + "/token"}));
  ASSERT_TRUE(rotating.get(pod));
  api.want_token("new-secret");
  write("new-secret");
  EXPECT_TRUE(rotating.get(pod));
  EXPECT_EQ(api.requests().size(), 3U);
  api.want_token("another");
  const auto refused = rotating.get(pod);
  ASSERT_FALSE(refused);
  EXPECT_EQ(api.requests().size(), 4U) << "the same token need not be shown again";
  EXPECT_EQ(refused.error(), (Error{Errc::unauthorized,
                                    "cannot get pods 'train' in namespace 'gpus': the API server does not know the account of Reeve: its "
                                    "token or certificate is not valid (any more)"}));
  std::filesystem::remove_all(folder);
}

TEST_F(KubeApi, the_path_of_a_proxy_before_the_api_is_kept) {
  ApiClient behind(credentials_for(api.url() + "/k8s/clusters/c-1/"));
  EXPECT_FALSE(behind.get(pod));
  EXPECT_EQ(api.requests().back().path, std::string("/k8s/clusters/c-1") + pod_path);
}

TEST(KubeApiTls, a_client_certificate_and_the_clusters_authority_are_used) {
  const TestAuthority authority;
  ScriptedServer server(
      [](ScriptedPeer& peer) {
        while (peer.read_request()) peer.write(http_answer(200, R"({"kind":"Pod"})"));
      },
      ScriptedTls{.own = authority.issue({.names = {"127.0.0.1"}}), .client_ca_pem = authority.certificate_pem()});
  const auto own = authority.issue({.common_name = "reeve"});
  ClusterAccess access{.tls = {.ca_pem = authority.certificate_pem(), .certificate_pem = own.certificate_pem, .key_pem = own.key_pem}};
  ApiClient client(credentials_for(server.url(), access));
  EXPECT_TRUE(client.get(pod));
  EXPECT_TRUE(client.get(pod));
  EXPECT_EQ(server.connections(), 1);
  access.tls.key_pem = "nonsense";
  access.name = "here";
  const auto broken = ApiClient(credentials_for(server.url(), access)).get(pod);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, Errc::invalid_argument);
  EXPECT_NE(broken.error().message.find("cannot use cluster 'here'"), std::string::npos) << broken.error().message;
}

}  // namespace
}  // namespace reeve::kube
