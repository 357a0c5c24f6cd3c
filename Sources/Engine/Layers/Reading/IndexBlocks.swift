import IndexFormat

/// The blocks of a layer's index during one scan.
struct IndexBlocks {
  private let reader: LayerReader
  private let meter: ReadMeter?
  /// What was read last, by number.
  private var held: [UInt32: LayerBytes] = [:]

  init(_ reader: LayerReader, _ meter: ReadMeter?) {
    self.reader = reader
    self.meter = meter
  }

  /// - Parameter next: blocks that are likely to be wanted after this one, and are read with it if it has to be.
  mutating func block(_ number: UInt32, next: [UInt32]) async throws(LayerReadError) -> LayerBytes {
    if let bytes = held[number] ?? reader.kept(number) { return bytes }
    held = try await reader.blocks(number, next: next, meter)
    guard let bytes = held[number] else { preconditionFailure("a block that was asked for") }
    return bytes
  }
}
