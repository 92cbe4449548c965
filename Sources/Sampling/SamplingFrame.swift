import CKernels
import Graphs
import Tensors

/// One list's sampling as threads see it: plain pointers, each thread writing rows of its own.
struct SamplingFrame {
  let routes: UnsafePointer<SamplingPass.Route>?
  let partCount: Int
  let places: UnsafePointer<halo_adjacency>
  let answers: UnsafePointer<SamplingPass.Answer?>
  let samples: UnsafeMutablePointer<halo_sample>
  let relationCount: Int
  let keys: UnsafePointer<UInt64>
  let limits: UnsafePointer<UInt32>
  let step: UInt32
  let takesExactly: Bool
  let counts: UnsafeMutablePointer<UInt32>
  let degrees: UnsafeMutablePointer<UInt32>?
  let instructions: halo_isa

  /// Describes and counts the samples of some nodes; returns their edges.
  func count(_ rows: Range<Int>) -> Int {
    let routes = routes.unsafelyUnwrapped  // There are rows.
    for row in rows {
      let (place, index) = (Int(routes[row].place), Int(routes[row].index))
      guard place < partCount else { continue }
      halo_ask_for_line(places[place].indptr + index)
      halo_ask_for_line(places[place].original + index)
    }
    for row in rows {
      let (place, index) = (Int(routes[row].place), Int(routes[row].index))
      let list = samples + row &* relationCount
      if place < partCount { describe(index, in: place, list) } else { describe(answered: index, in: place, list) }
    }
    let first = samples + rows.lowerBound &* relationCount
    let sampleCount = rows.count &* relationCount
    if !takesExactly { halo_count_labor(instructions, places, first, sampleCount, keys[0], step, limits) }
    return total(first, sampleCount, at: rows.lowerBound &* relationCount)
  }

  /// The samples of an inner node of a part.
  @inline(__always)
  private func describe(_ local: Int, in place: Int, _ list: UnsafeMutablePointer<halo_sample>) {
    let id = UInt64(bitPattern: places[place].original[local])
    for relation in 0..<relationCount {
      let edges = places[place].edges(of: local, relation: relation)
      let degree = UInt32(truncatingIfNeeded: edges.upperBound &- edges.lowerBound)
      list[relation] = halo_sample(
        begin: Int64(edges.lowerBound), id: id, degree: degree, taken: takesExactly ? min(degree, limits[relation]) : degree,
        place: UInt32(truncatingIfNeeded: place), relation: UInt32(truncatingIfNeeded: relation))
    }
  }

  /// The samples of a node that its owner has sampled: all that it answered is taken.
  private func describe(answered index: Int, in place: Int, _ list: UnsafeMutablePointer<halo_sample>) {
    let answer = answers[place &- partCount].unsafelyUnwrapped  // Its route says that it was asked.
    var edge = answer.offsets[index]
    for relation in 0..<relationCount {
      let taken = answer.counts[index &* relationCount &+ relation]
      list[relation] = halo_sample(
        begin: Int64(edge), id: 0, degree: taken, taken: taken, place: UInt32(truncatingIfNeeded: place),
        relation: UInt32(truncatingIfNeeded: relation))
      edge &+= Int(taken)
    }
  }

  /// Writes what the samples count; returns their sum.
  private func total(_ list: UnsafePointer<halo_sample>, _ sampleCount: Int, at entry: Int) -> Int {
    var total = 0
    for index in 0..<sampleCount {
      counts[entry &+ index] = list[index].taken
      total &+= Int(list[index].taken)
    }
    if let degrees { for index in 0..<sampleCount { degrees[entry &+ index] = degree(of: list[index], entry &+ index) } }
    return total
  }

  private func degree(of sample: halo_sample, _ entry: Int) -> UInt32 {
    let place = Int(sample.place)
    guard place >= partCount, let routes else { return sample.degree }
    let index = Int(routes[entry / relationCount].index)
    return answers[place &- partCount].unsafelyUnwrapped.degrees[index &* relationCount &+ Int(sample.relation)]
  }

  /// Picks and writes the edges of some nodes.
  ///
  /// - Parameter edges: Takes where each edge stands in its adjacency.
  func write(
    _ rows: Range<Int>, to sources: UnsafeMutablePointer<GlobalID>, degrees: UnsafeMutablePointer<UInt32>?,
    edges: UnsafeMutablePointer<Int64>?
  ) {
    let first = samples + rows.lowerBound &* relationCount
    let sampleCount = rows.count &* relationCount
    let ids = UnsafeMutableRawPointer(sources).assumingMemoryBound(to: Int64.self)  // A global id is one Int64.
    if takesExactly {
      halo_sample_uniform(instructions, places, first, sampleCount, keys, step, ids, degrees, edges)
    } else {
      halo_sample_labor(instructions, places, first, sampleCount, keys[0], step, limits, ids, degrees, edges)
    }
  }

  /// Turns what `write` noted of the edges of some nodes into their global ids.
  func number(_ edges: UnsafeMutablePointer<Int64>, of rows: Range<Int>, _ ids: UnsafeBufferPointer<EdgeIDs.Native>) {
    let routes = routes.unsafelyUnwrapped  // There are rows.
    var edge = edges
    for row in rows {
      for relation in 0..<relationCount {
        let sample = samples[row &* relationCount &+ relation]
        let (place, end) = (Int(sample.place), edge + Int(sample.taken))
        if place >= partCount {
          let answered = answers[place &- partCount].unsafelyUnwrapped.edges  // Its route says that it was asked.
          while edge < end {
            edge.pointee = answered[Int(edge.pointee)]
            edge += 1
          }
        } else {
          let shift = ids[place &* relationCount &+ relation].shift(of: Int(routes[row].index), firstPosition: sample.begin)
          while edge < end {
            edge.pointee = shift.map { $0 &+ edge.pointee } ?? -1
            edge += 1
          }
        }
      }
    }
  }
}
