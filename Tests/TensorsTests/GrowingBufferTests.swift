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

  /// A first reset takes what is asked; a later one an eighth more at most, and never less than asked.
  @Test func resettingTakesLittleMoreThanIsAsked() {
    let buffer = GrowingBuffer<Int32>()
    for (count, capacity) in [(800, 800), (16, 800), (808, 909), (909, 909), (8000, 8000), (8001, 9001), (20_000, 20_000)] {
      // Beyond half as much again it is exact.
      #expect(buffer.capacity(whenResetTo: count) == capacity, "\(count)")
      buffer.reset(to: count)
      #expect(buffer.count == count && buffer.capacity == capacity)
    }
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
