import Telemetry

/// What a server has seen; written by its thread, read by anyone.
final class ServerCounters: Sendable {
  let served = Counter()
  let refused = Counter()
  let dropped = Counter()
  let undeliverable = Counter()
  let bytesReceived = Counter()
  let bytesSent = Counter()

  var traffic: Server.Traffic {
    var traffic = Server.Traffic()
    traffic.served = served.value
    traffic.refused = refused.value
    traffic.dropped = dropped.value
    traffic.undeliverable = undeliverable.value
    traffic.bytesReceived = bytesReceived.value
    traffic.bytesSent = bytesSent.value
    return traffic
  }
}
