import Tensors
import Testing

@Suite struct GrowingBufferTests {
  @Test func resizingKeepsTheElements() {
    let buffer = GrowingBuffer<Int>()
    for value in 0..<1000 { buffer.append(value) }
    buffer.resize(to: 5000)
    #expect(Array(buffer.readOnly.prefix(1000)) == Array(0..<1000))
    buffer.resize(to: 10)
    #expect(Array(buffer.readOnly) == Array(0..<10))
  }

  @Test func resettingUsesMemoryThatIsEnough() {
    let buffer = GrowingBuffer<Int>()
    buffer.reset(to: 1000)
    #expect(buffer.count == 1000 && buffer.capacity >= 1000)
    let place = buffer.pointer
    buffer.reset(to: 3)
    buffer.reset(to: 1000)
    #expect(buffer.count == 1000 && buffer.pointer == place)
    buffer.reset(to: 100_000)
    #expect(buffer.count == 100_000 && buffer.capacity >= 100_000)
    buffer.pointer[99_999] = 7
    #expect(buffer[99_999] == 7)
  }
}
