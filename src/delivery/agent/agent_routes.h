#pragma once
// What an agent answers over HTTP: /metrics, /v1/devices, /healthz and its old name /health, and an index.

#include "delivery/agent/observer.h"
#include "net/http/message.h"

namespace reeve {

// `observer` must outlive the handler. Never blocks on the driver.
http::Handler agent_handler(const Observer& observer);

}  // namespace reeve
