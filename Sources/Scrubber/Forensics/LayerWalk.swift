import Engine
import IndexFormat

/// Goes through all values of a layer, damaged or not, in bounded memory: values and findings come out in pieces.
struct LayerWalk {
  let target: LayerTarget
  var depth = LayerCheckDepth.blobs

  /// - Parameters:
  ///   - value: gets each value that can be read.
  ///   - piece: gets the findings made since the last call, behind the values read meanwhile.
  func run(
    value: (LayerEntry, RawSpan) -> Void,
    piece: (ArraySlice<Finding>) -> Void
  ) async throws(ScanFailure) -> LayerCheckReport {
    guard let decoder = BlobDecoder() else {
      throw ScanFailure(message: "\(target.object.key): no memory for a decompressor")
    }
    var check = LayerCheck(target.object, byteCount: target.byteCount, depth: depth, decoder: decoder)
    var told = 0
    while let range = check.wanted {
      let bytes = try await target.read(range)
      check.supply(bytes.bytes, value)
      piece(check.findings(behind: told))
      told = check.findingCount
    }
    let report = check.finish()
    piece(report.findings.dropFirst(told))
    return report
  }
}
