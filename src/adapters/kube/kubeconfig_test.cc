#include "adapters/kube/kubeconfig.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "adapters/kube/base64.h"
#include "adapters/kube/credentials.h"
#include "adapters/kube/credentials_access.h"
#include "adapters/kube/in_cluster.h"

namespace reeve::kube {
namespace {

constexpr const char* secret = "s3cret-token";

// A folder of its own for each test.
class KubeFiles : public testing::Test {
 protected:
  KubeFiles() {
    std::string form = testing::TempDir() + "/reeve-kube-XXXXXX";
    folder_ = ::mkdtemp(form.data());
  }
  ~KubeFiles() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, std::string_view text) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
    return folder_ + "/" + name;
  }
  Result<ClusterAccess> read(std::string_view text, const std::string& context = "") {
    return read_kubeconfig({write("config", text)}, context);
  }
  std::string refusal(std::string_view text, const std::string& context = "") {
    const auto access = read(text, context);
    if (access) {
      ADD_FAILURE() << "it was read";
      return {};
    }
    EXPECT_EQ(access.error().message.find(secret), std::string::npos) << access.error().message;
    const std::string start = fmt::format("cannot use kubeconfig '{}/config': ", folder_);
    EXPECT_TRUE(access.error().message.starts_with(start)) << access.error().message;
    return access.error().message.substr(std::min(start.size(), access.error().message.size()));
  }

  std::string folder_{};
};
using Kubeconfigs = KubeFiles;
using ServiceAccount = KubeFiles;
using TokenFile = KubeFiles;

constexpr const char* usual = R"(apiVersion: v1
kind: Config
current-context: here
preferences: {}
clusters:
- name: east
  cluster:
    server: https://10.0.0.1:6443
    certificate-authority-data: Q0E=
- name: west
  cluster: {server: "https://west.example.org/k8s/clusters/c-1/", insecure-skip-tls-verify: true, tls-server-name: west}
contexts:
- {name: here, context: {cluster: east, user: admin, namespace: gpus}}
- {name: there, context: {cluster: west, user: robot}}
- {name: nobody, context: {cluster: east}}
users:
- name: admin
  user:
    client-certificate-data: Q0VSVA==
    client-key-data: S0VZ
- name: robot
  user:
    token: s3cret-token
)";

// One context of one cluster and one user.
std::string config_with(std::string_view cluster, std::string_view user) {
  return fmt::format(
      "current-context: c\nclusters: [{{name: k, cluster: {{{}}}}}]\nusers: [{{name: u, user: {{{}}}}}]\n"
      "contexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n",
      cluster, user);
}

TEST_F(Kubeconfigs, the_current_context_is_used_when_none_is_named) {
  const auto access = read(usual);
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->name, "here");
  EXPECT_EQ(access->server + access->base_path, "https://10.0.0.1:6443");
  EXPECT_EQ(access->namespace_name, "gpus");
  EXPECT_EQ(access->tls.ca_pem + access->tls.certificate_pem + access->tls.key_pem, "CACERTKEY");
  EXPECT_TRUE(access->tls.verify_peer);
}

TEST_F(Kubeconfigs, a_named_context_goes_before_the_current_one) {
  const auto access = read(usual, "there");
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->server, "https://west.example.org:443");
  EXPECT_EQ(access->base_path, "/k8s/clusters/c-1");
  EXPECT_EQ(access->namespace_name, "default");
  EXPECT_EQ(access->tls.server_name, "west");
  EXPECT_FALSE(access->tls.verify_peer);
  Credentials credentials(*access);
  EXPECT_EQ(credentials.headers().find("authorization")->second, "Bearer s3cret-token");
  EXPECT_EQ(credentials.path("/api"), "/k8s/clusters/c-1/api");
}

TEST_F(Kubeconfigs, a_context_without_a_user_is_anonymous) {
  const auto access = read(usual, "nobody");
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(Credentials(*access).headers().count("Authorization"), 0U);
}

TEST_F(Kubeconfigs, what_is_not_there_is_named) {
  EXPECT_EQ(refusal(usual, "nowhere"), "there is no context 'nowhere'; known are: here, there, nobody");
  EXPECT_EQ(refusal(""), "no context is named and there is no 'current-context'; there is none");
  EXPECT_EQ(refusal("contexts: [{name: c, context: {cluster: k}}]", "c"), "context 'c' names cluster 'k', which is not there");
  EXPECT_EQ(refusal("clusters: [{name: k, cluster: {server: 'https://h'}}]\ncontexts: [{name: c, context: {cluster: k, user: u}}]", "c"),
            "context 'c' names user 'u', which is not there");
  const auto gone = read_kubeconfig({folder_ + "/gone"}, "");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error(), (Error{Errc::not_found, fmt::format("cannot use kubeconfig '{}/gone': No such file or directory", folder_)}));
  EXPECT_EQ(read_kubeconfig({}, "").error().code, Errc::not_found);
}

TEST_F(Kubeconfigs, broken_yaml_is_told_with_its_line) {
  EXPECT_TRUE(refusal("clusters:\n- name: a\n  cluster: [\n").starts_with("line ")) << refusal("clusters:\n- name: a\n  cluster: [\n");
  EXPECT_EQ(refusal("\nclusters: 3"), "line 2: 'clusters' is a list");
  EXPECT_EQ(refusal("users:\n- x"), "line 2: an entry of 'users' has a 'name' and a 'user'");
  EXPECT_EQ(refusal("[]"), "line 1: a mapping with 'clusters', 'users' and 'contexts' is expected");
  EXPECT_EQ(refusal("users:\n- name: u\n  user: {token: [s3cret-token]}"), "line 3: 'token' is a text");
  EXPECT_EQ(refusal(config_with("server: 'https://h', insecure-skip-tls-verify: perhaps", "")),
            "line 2: 'insecure-skip-tls-verify' is true or false");
}

TEST_F(Kubeconfigs, bad_base64_is_told_without_its_text) {
  EXPECT_EQ(refusal(config_with("server: 'https://h', certificate-authority-data: 's3cret-token'", "")),
            "cluster 'k': 'certificate-authority-data' is no base64");
  EXPECT_EQ(refusal(config_with("server: 'https://h'", "client-certificate-data: Q0E=, client-key-data: s3cret-token")),
            "user 'u': 'client-key-data' is no base64");
}

TEST_F(Kubeconfigs, what_reeve_does_not_do_is_refused_with_what_to_do_instead) {
  const std::string server = "server: 'https://h'";
  EXPECT_NE(refusal(config_with(server, "exec: {command: aws, env: [{name: K, value: s3cret-token}]}")).find("tokenFile"),
            std::string::npos);
  EXPECT_NE(refusal(config_with(server, "auth-provider: {name: gcp}")).find("'auth-provider'; Reeve does that not"), std::string::npos);
  EXPECT_NE(refusal(config_with(server, "username: me, password: s3cret-token")).find("a user name and a password"), std::string::npos);
  EXPECT_NE(refusal(config_with(server, "token: s3cret-token, as: root")).find("acts as somebody else"), std::string::npos);
  EXPECT_NE(refusal(config_with(server + ", proxy-url: 'http://p'", "token: s3cret-token")).find("'proxy-url'"), std::string::npos);
  EXPECT_EQ(refusal(config_with(server + ", insecure-skip-tls-verify: true, certificate-authority-data: Q0E=", "")),
            "cluster 'k': 'insecure-skip-tls-verify' and a certificate authority contradict each other");
}

TEST_F(Kubeconfigs, what_the_chosen_context_does_not_use_may_be_unusable) {
  const auto access =
      read(std::string(usual) + "- {name: cloud, user: {exec: {command: aws}}}\n- {name: broken, user: {client-key-data: '?'}}\n");
  EXPECT_TRUE(access) << access.error().message;
}

TEST_F(Kubeconfigs, a_server_that_is_no_url_is_refused) {
  for (const char* server : {"server: 10.0.0.1", "server: 'ftp://h'", "server: 'https://h/?x'", "server: ''"})
    EXPECT_TRUE(refusal(config_with(server, "")).starts_with("cluster 'k': ")) << server;
  EXPECT_EQ(refusal(config_with("server: 'https://me:s3cret-token@h'", "")),
            "cluster 'k': cannot use the URL of the API server: it holds a user name");
}

TEST_F(Kubeconfigs, half_a_client_certificate_is_refused) {
  EXPECT_EQ(refusal(config_with("server: 'https://h'", "client-certificate-data: Q0E=")), "user 'u': its client certificate has no key");
  EXPECT_EQ(refusal(config_with("server: 'https://h'", "client-key-data: Q0E=")), "user 'u': its client key has no certificate");
}

TEST_F(Kubeconfigs, paths_are_relative_to_the_file_and_data_goes_before_a_file) {
  std::filesystem::create_directory(folder_ + "/pki");
  write("pki/ca.crt", "authority");
  write("pki/me.crt", "mine");
  write("pki/token", "from-file\n");
  const auto access = read(config_with("server: 'https://h', certificate-authority: pki/ca.crt",
                                       "client-certificate: pki/me.crt, client-certificate-data: Q0VSVA==, client-key: " + folder_ +
                                           "/pki/me.crt, tokenFile: pki/token, token: s3cret-token"));
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->tls.ca_pem + " " + access->tls.certificate_pem + " " + access->tls.key_pem, "authority CERT mine");
  EXPECT_EQ(Credentials(*access).headers().find("Authorization")->second, "Bearer from-file");
  EXPECT_EQ(refusal(config_with("server: 'https://h', certificate-authority: gone.crt", "")),
            fmt::format("cluster 'k': certificate-authority '{}/gone.crt': No such file or directory", folder_));
  EXPECT_EQ(refusal(config_with("server: 'https://h'", "tokenFile: gone")),
            fmt::format("user 'u': tokenFile '{}/gone': No such file or directory", folder_));
}

TEST_F(Kubeconfigs, of_several_files_the_first_that_knows_a_name_wins) {
  const auto first =
      write("a", "contexts: [{name: here, context: {cluster: other, user: robot, namespace: mine}}]\ncurrent-context: here\n");
  const auto second = write("b", usual);
  const auto third = write("c", "clusters: [{name: other, cluster: {server: 'https://other:1'}}]\ncurrent-context: there\n");
  const auto access = read_kubeconfig({first, folder_ + "/gone", second, third}, "");
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->server + " " + access->namespace_name + " " + access->token, "https://other:1 mine s3cret-token");
  const auto none = read_kubeconfig({folder_ + "/x", folder_ + "/y"}, "");
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("neither it nor any other"), std::string::npos);
}

TEST(KubeconfigFiles, the_environment_says_where_they_are) {
  const auto environment = [](std::map<std::string, std::string> values) {
    return [values = std::move(values)](const std::string& name) {
      const auto at = values.find(name);
      return at == values.end() ? std::nullopt : std::optional(at->second);
    };
  };
  using Files = std::vector<std::string>;
  EXPECT_EQ(kubeconfig_files("/named", environment({{"KUBECONFIG", "/a"}})), Files{"/named"});
  EXPECT_EQ(kubeconfig_files("", environment({{"KUBECONFIG", "/a::/b:"}, {"HOME", "/h"}})), (Files{"/a", "/b"}));
  EXPECT_EQ(kubeconfig_files("", environment({{"HOME", "/h"}})), Files{"/h/.kube/config"});
  EXPECT_EQ(kubeconfig_files("", environment({})), Files{});
}

Environment pod_environment(const std::string& host = "10.96.0.1") {
  return [host](const std::string& name) -> std::optional<std::string> {
    if (name == "KUBERNETES_SERVICE_HOST") return host;
    if (name == "KUBERNETES_SERVICE_PORT") return "443";
    return std::nullopt;
  };
}

TEST_F(ServiceAccount, a_pod_uses_what_is_mounted) {
  write("token", "s3cret-token\n");
  write("ca.crt", "authority");
  write("namespace", "gpus\n");
  const auto access = in_cluster_access(pod_environment(), folder_);
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->server + " " + access->namespace_name + " " + access->tls.ca_pem, "https://10.96.0.1:443 gpus authority");
  EXPECT_EQ(Credentials(*access).headers().find("Authorization")->second, "Bearer s3cret-token");
  EXPECT_EQ(in_cluster_access(pod_environment("fd00::1"), folder_)->server, "https://[fd00::1]:443");
}

TEST_F(ServiceAccount, what_is_missing_is_named) {
  const auto outside = in_cluster_access([](const std::string&) { return std::nullopt; }, folder_);
  ASSERT_FALSE(outside);
  EXPECT_NE(outside.error().message.find("KUBERNETES_SERVICE_HOST"), std::string::npos);
  const auto unmounted = in_cluster_access(pod_environment(), folder_);
  ASSERT_FALSE(unmounted);
  EXPECT_EQ(unmounted.error().message,
            fmt::format("cannot use the service account of this pod: '{}/token' cannot be read: No such file or directory", folder_));
  write("token", "s3cret-token");
  write("ca.crt", "");
  const auto empty = in_cluster_access(pod_environment(), folder_);
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().message, fmt::format("cannot use the service account of this pod: '{}/ca.crt' is empty", folder_));
}

struct TurnedClock {
  std::chrono::steady_clock::time_point now{};
  Credentials::Now function() {
    return [this] { return now; };
  }
};

std::string token_of(Credentials& credentials) {
  const auto headers = credentials.headers();
  const auto at = headers.find("Authorization");
  return at == headers.end() ? "" : at->second;
}

TEST_F(TokenFile, is_read_again_after_a_minute) {
  const auto path = write("token", "one");
  TurnedClock clock;
  Credentials credentials({.token_file = path}, clock.function());
  EXPECT_EQ(token_of(credentials), "Bearer one");
  write("token", "two");
  clock.now += std::chrono::seconds(59);
  EXPECT_EQ(token_of(credentials), "Bearer one");
  clock.now += std::chrono::seconds(1);
  EXPECT_EQ(token_of(credentials), "Bearer two");
}

TEST_F(TokenFile, is_read_again_at_once_after_a_401) {
  const auto path = write("token", "one");
  TurnedClock clock;
  Credentials credentials({.token_file = path}, clock.function());
  EXPECT_EQ(token_of(credentials), "Bearer one");
  EXPECT_FALSE(credentials.renew()) << "the same token would be refused again";
  write("token", "two");
  EXPECT_TRUE(credentials.renew());
  EXPECT_EQ(token_of(credentials), "Bearer two");
}

TEST_F(TokenFile, that_is_gone_or_unusable_leaves_the_token_we_have) {
  const auto path = write("token", "one");
  TurnedClock clock;
  Credentials credentials({.token_file = path}, clock.function());
  EXPECT_EQ(token_of(credentials), "Bearer one");
  for (const char* text : {"", "\n", "two\r\nX-Evil: 1"}) {
    write("token", text);
    EXPECT_FALSE(credentials.renew()) << text;
    EXPECT_EQ(token_of(credentials), "Bearer one");
  }
  std::filesystem::remove(path);
  clock.now += std::chrono::hours(1);
  EXPECT_EQ(token_of(credentials), "Bearer one");
}

TEST_F(TokenFile, is_what_a_watch_is_authorised_with) {
  const auto path = write("token", "one");
  ClusterAccess cluster{.token_file = path};
  ASSERT_TRUE(set_server(cluster, "https://127.0.0.1:1/k8s/"));
  const ApiAccess access = access_with(std::make_shared<Credentials>(cluster));
  EXPECT_EQ(access.base_path, "/k8s");
  EXPECT_TRUE(access.connect());
  EXPECT_EQ(access.authorize()->find("Authorization")->second, "Bearer one");
  write("token", "two");
  EXPECT_TRUE(access.renew());
  EXPECT_EQ(access.authorize()->find("Authorization")->second, "Bearer two");
}

TEST(Base64, is_read_with_line_ends_and_refused_when_it_is_none) {
  EXPECT_EQ(decode_base64("AAECA/8="), std::string("\x00\x01\x02\x03\xff", 5));
  EXPECT_EQ(decode_base64("QUJ\nD\n"), "ABC");
  EXPECT_EQ(decode_base64("QQ=="), "A");
  EXPECT_EQ(decode_base64(""), "");
  for (const char* text : {"Q", "QQ", "QQ=", "Q===", "Q=Q=", "QQ==QQ==", "QQ-_", "====", "Q Q= ?"})
    EXPECT_FALSE(decode_base64(text)) << text;
}

}  // namespace
}  // namespace reeve::kube
