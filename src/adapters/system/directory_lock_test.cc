#include "adapters/system/directory_lock.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

namespace reeve {
namespace {

struct ADataDirectory : testing::Test {
  std::string path = testing::TempDir() + "/reeve-lock-" + testing::UnitTest::GetInstance()->current_test_info()->name();
  ~ADataDirectory() override { std::filesystem::remove_all(path); }
};

TEST_F(ADataDirectory, is_held_by_one_at_a_time) {
  std::optional<DirectoryLock> first = *DirectoryLock::take(path);
  const auto second = DirectoryLock::take(path);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::conflict);
  EXPECT_NE(second.error().message.find("process " + std::to_string(getpid())), std::string::npos) << second.error().message;
  first.reset();
  EXPECT_TRUE(DirectoryLock::take(path));
}

TEST_F(ADataDirectory, that_cannot_be_made_is_named_with_the_reason) {
  const auto lock = DirectoryLock::take("/proc/reeve");
  ASSERT_FALSE(lock);
  EXPECT_TRUE(lock.error().message.starts_with("cannot use data directory '/proc/reeve': ")) << lock.error().message;
}

}  // namespace
}  // namespace reeve
