import Foundation
import Testing

/// The event file of a run, decoded here from its bytes.
@Suite struct TensorBoardTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try #require(try HaloTool.run(["dataset", "generate", "karate", "-o", folder.path("dataset")]).status == 0)
    try #require(try HaloTool.run(["partition", folder.path("dataset"), "-k", "2", "-o", folder.path("parts")]).status == 0)
  }

  @Test func everyLossScoreAndRateIsInTheEventFileOfWorkerZero() throws {
    let options = ["--epochs", "3", "--batch-size", "2", "--fanout", "5,5", "--lr", "0.25", "--eval-every", "2"]
    let begin = Date().timeIntervalSince1970
    let outcome = try HaloTool.run(["launch", "-n", "2", "train", folder.path("parts"), "-o", folder.path("run")] + options)
    try #require(outcome.status == 0, "\(outcome)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("run")).filter { $0.contains("tfevents") }
    let name = try #require(names.first)
    #expect(names.count == 1 && name.wholeMatch(of: /events\.out\.tfevents\.\d{10}\.[^\/]+\.\d+\.0/) != nil, "\(names)")
    let events = try Self.events(Array(Data(contentsOf: URL(fileURLWithPath: folder.path("run/\(name)")))))
    #expect(events.first?.version == "brain.Event:2" && events.dropFirst().allSatisfy { $0.version == nil })
    let end = Date().timeIntervalSince1970
    #expect(events.allSatisfy { (begin - 1...end + 1).contains($0.time) })

    var expected: [Int: [String: Float]] = [:]
    var step = 0
    for line in try folder.text("run/metrics.jsonl").split(separator: "\n") {
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      if let loss = object["loss"] as? Double {
        step += 1
        expected[step] = ["step/loss": Float(loss), "step/learning-rate": 0.25]
      } else {
        for set in ["train", "validation", "test"] {
          for (score, value) in object[set] as? [String: Double] ?? [:] { expected[step, default: [:]]["\(set)/\(score)"] = Float(value) }
        }
      }
    }
    var found: [Int: [String: Float]] = [:]
    for event in events { found[event.step, default: [:]].merge(event.scalars) { _, _ in .nan } }
    let seconds = found.mapValues { $0.filter { $0.key.hasPrefix("seconds/") } }.filter { !$0.value.isEmpty }
    #expect(found.mapValues { $0.filter { !$0.key.hasPrefix("seconds/") } }.filter { !$0.value.isEmpty } == expected)
    #expect(step > 3 && seconds.count == 3 && seconds.values.allSatisfy { $0.values.allSatisfy { $0 >= 0 } })
    #expect(seconds.values.count { $0["seconds/evaluation"] != nil } == 2, "epochs 2 and 3 are evaluated")
  }

  struct Event {
    var time = 0.0
    var step = 0
    var version: String?
    var scalars: [String: Float] = [:]
  }

  /// Records of a TFRecord file, checksums checked, as `Event` messages.
  private static func events(_ bytes: [UInt8]) throws -> [Event] {
    var (rest, events) = (bytes[...], [Event]())
    while !rest.isEmpty {
      try #require(rest.count >= 16)
      let length = rest.prefix(8)
      #expect(word(rest.dropFirst(8)) == masked(length))
      let size = Int(length.reversed().reduce(0) { $0 << 8 | UInt64($1) })
      try #require(rest.count >= size + 16)
      let message = rest.dropFirst(12).prefix(size)
      #expect(word(rest.dropFirst(12 + size)) == masked(message))
      rest = rest.dropFirst(16 + size)
      events.append(try event(message))
    }
    return events
  }

  private static func event(_ message: ArraySlice<UInt8>) throws -> Event {
    var event = Event()
    for (number, value, content) in try fields(message) {
      switch number {
      case 1: event.time = Double(bitPattern: value)
      case 2: event.step = Int(value)
      case 3: event.version = String(decoding: content, as: UTF8.self)
      case 5:
        for (_, _, entry) in try fields(content) {
          let parts = try fields(entry)
          let tag = try #require(parts.first { $0.number == 1 })
          let scalar = try #require(parts.first { $0.number == 2 })
          event.scalars[String(decoding: tag.content, as: UTF8.self)] = Float(bitPattern: UInt32(scalar.value))
        }
      default: Issue.record("field \(number)")
      }
    }
    return event
  }

  /// Fields of a protobuf message: number, and a number or bytes.
  private static func fields(_ message: ArraySlice<UInt8>) throws -> [(number: Int, value: UInt64, content: ArraySlice<UInt8>)] {
    var (rest, found) = (message, [(number: Int, value: UInt64, content: ArraySlice<UInt8>)]())
    func varint() throws -> UInt64 {
      let length = try #require(rest.firstIndex { $0 < 0x80 }) - rest.startIndex + 1
      defer { rest = rest.dropFirst(length) }
      return rest.prefix(length).reversed().reduce(0) { $0 << 7 | UInt64($1 & 0x7F) }
    }
    func fixed(_ size: Int) throws -> UInt64 {
      try #require(rest.count >= size)
      defer { rest = rest.dropFirst(size) }
      return rest.prefix(size).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    while !rest.isEmpty {
      let key = try varint()
      let number = Int(key >> 3)
      switch key & 7 {
      case 0: found.append((number, try varint(), []))
      case 1: found.append((number, try fixed(8), []))
      case 5: found.append((number, try fixed(4), []))
      default:
        let size = Int(try varint())
        try #require(key & 7 == 2 && rest.count >= size)
        found.append((number, 0, rest.prefix(size)))
        rest = rest.dropFirst(size)
      }
    }
    return found
  }

  private static func word(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) } }

  /// Bit by bit, for the polynomial 0x1EDC6F41 as the RFC writes it.
  private static func masked(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var crc = UInt32.max
    for byte in bytes {
      for bit in 0..<8 {
        let top = crc >> 31 ^ UInt32(byte >> UInt8(bit) & 1)
        crc = crc << 1 ^ (top == 1 ? 0x1EDC_6F41 : 0)
      }
    }
    var plain: UInt32 = 0
    for bit in 0..<32 where ~crc >> bit & 1 == 1 { plain |= 1 << (31 - bit) }
    return (plain >> 15 | plain << 17) &+ 0xA282_EAD8
  }
}
