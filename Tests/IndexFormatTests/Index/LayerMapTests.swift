import Testing

@testable import IndexFormat

/// The two paths on which entries of `layer_metadata` are read must be one in what they accept and in what they
/// make of it. White space in front of an entry's name forces the slow one; room behind it allows the fast one.
struct LayerMapTests {
  private enum Outcome: Equatable {
    case layers([IndexLayer], [Int: [UnknownField]])
    case error(FormatError.Kind, field: String)
  }

  private static let room = String(repeating: " ", count: 300)

  private func outcome(entry: String, isFast: Bool) -> Outcome {
    let document = IndexVectors.minimal(
      #""layer_metadata":{\#(isFast ? "" : " ")\#(entry)\#(isFast ? Self.room : "")}"#
    )
    do throws(FormatError) {
      let index = try IndexPart(text: document)
      return .layers(index.layers, index.layerUnknownFields)
    } catch {
      return .error(error.kind, field: error.field)
    }
  }

  private static let names: [String] = {
    let keys = "000000067F00000005000040000000000000-000000067F000000050000400000FFFFFFFF"
    let delta = "\(keys)__0000000001696070-00000000016960E9"
    let image = "\(keys)__0000000001696070"
    return [
      delta, image, delta.lowercased(), "\(delta)-00000001", "\(image)-00000001", "\(delta)-v1-00000001",
      "\(keys)__1", "\(keys)__1-2", "\(keys)__2-1", "\(keys)__0-0",
      "\(keys)__0000000001696070-0000000001696070",
      "\(keys)__00000000016960E9-0000000001696070", "\(keys)__FFFFFFFFFFFFFFFF",
      "\(keys)__0000000000000000-FFFFFFFFFFFFFFFF", "\(keys)_-0000000001696070", "\(keys)__000000000169607G",
      "\(keys)__00000000016960700", "\(keys)__", "", "x",
      "000000067F000000050000400000FFFFFFFF-000000067F00000005000040000000000000__0000000001696070",
      "000000067F000000050000400000FFFFFFFF-000000067F00000005000040000000000000__0000000001696070-1000000001696070",
      "\(keys)__0000000001696070-0000000001696_E9", "\(keys)__0000000001696070-", "\(delta).old",
      "\(image)\u{0}", "\(delta)\\u0030", "\\u0030\(image.dropFirst())",
    ]
  }()

  private static let tails: [String] = {
    let sizes = [
      "0", "1", "00", "01", "9999999999999999999", "18446744073709551615", "18446744073709551616",
      "99999999999999999999", "1.0", "1e5", "-1", "-", "", "+1", "1 ", " 1", "null", "\"1\"", "0x1", "1_0",
      "1:",
    ]
    let generations = [
      ",\"generation\":0", ",\"generation\":4294967295", ",\"generation\":4294967296", ",\"generation\":00",
      ",\"generation\":", ",\"generation\":1.5", ",\"generation\":-1", ",\"generation\":99999999999",
      ",\"generation\":null", ",\"generation\" :1", ", \"generation\":1", ",\"generatioN\":1",
      ",\"generation\":1,",
      ",\"generation\":1,\"generation\":1", ",,\"generation\":1",
    ]
    let shards = [
      ",\"shard\":\"0102\"", ",\"shard\":\"0000\"", ",\"shard\":\"fFFf\"", ",\"shard\":\"012\"",
      ",\"shard\":\"01023\"", ",\"shard\":\"01g2\"", ",\"shard\":\"\"", ",\"shard\":0102",
      ",\"shard\":\"010\\u0032\"",
      ",\"shard\":\"0102", ",\"shard\":null", ",\"shard\":\"0102\",\"x\":1", ",\"shard\":\"0102\",",
      ",\"shard\":\"0102\"]",
    ]
    var tails = sizes.map { "{\"file_size\":\($0)}" }
    for generation in [""] + generations {
      for shard in [""] + shards {
        tails.append("{\"file_size\":7\(generation)\(shard)}")
        if !shard.isEmpty { tails.append("{\"file_size\":7\(shard)\(generation)}") }
      }
    }
    tails += [
      "{}", "", "{", "[]", "{\"file_size\":7", "{\"file_size\":7}}", "{\"file_size\":7},", "{\"size\":7}",
    ]
    return tails
  }()

  @Test func bothPathsAgree() {
    let separators = [":", " :", "", ": ", "::"]
    var accepted = 0
    var fast = 0
    for (number, name) in Self.names.enumerated() {
      // All tails behind good names of both kinds, a few behind the others.
      for (tailNumber, tail) in Self.tails.enumerated()
      where number < 2 || tailNumber % 17 == 0 || tailNumber < 2 {
        for separator in separators where separator == ":" || tailNumber < 3 {
          let entry = "\"\(name)\"\(separator)\(tail)"
          let quick = outcome(entry: entry, isFast: true)
          #expect(quick == outcome(entry: entry, isFast: false), "\(entry)")
          if case .layers = quick { accepted += 1 }
          fast += 1
        }
      }
    }
    #expect(fast > 1000)
    #expect(accepted > 100)
  }

  /// Each byte of two entries replaced by each of some others.
  @Test func bothPathsAgreeOnEveryOneByteChange() {
    let entries = [
      "\"\(Self.names[0])\":{\"file_size\":123,\"generation\":45,\"shard\":\"0a1f\"}",
      "\"\(Self.names[1])\":{\"file_size\":1,\"shard\":\"0102\"}",
    ]
    let others = Array("\"\\{}[],:0189afAFgG-_ \n".utf8) + [0x00, 0x7f, 0x80, 0xc3, 0xff]
    var accepted = 0
    for entry in entries {
      for offset in entry.utf8.indices.map({ $0.utf16Offset(in: entry) }) {
        for other in others {
          var bytes = Array(entry.utf8)
          bytes[offset] = other
          func outcome(_ front: String, _ behind: String) -> Outcome {
            let start = Array(#"{"disk_consistent_lsn":"0/8","metadata_bytes":\#(IndexVectors.object),"#.utf8)
            let document =
              start + Array("\"layer_metadata\":{\(front)".utf8) + bytes + Array("\(behind)}}".utf8)
            do throws(FormatError) {
              let index = try IndexPart(parsing: document)
              return .layers(index.layers, index.layerUnknownFields)
            } catch {
              return .error(error.kind, field: error.field)
            }
          }
          let quick = outcome("", Self.room)
          let slow = outcome(" ", Self.room)
          if quick != slow { Issue.record("\(String(decoding: bytes, as: UTF8.self)): \(quick), \(slow)") }
          if case .layers = quick { accepted += 1 }
        }
      }
    }
    #expect(accepted > 1000)
  }

  /// The fast path reads at fixed places: at every distance from the end of the input it must stay inside.
  @Test func everyDistanceFromTheEnd() throws {
    let entry =
      "\"\(Self.names[0])\":{\"file_size\":9999999999999999999,\"generation\":4294967295,\"shard\":\"0102\"}"
    let prefix = #"{"disk_consistent_lsn":"0/8","metadata_bytes":\#(IndexVectors.object),"layer_metadata":{"#
    for room in 0...300 {
      let index = try IndexPart(text: prefix + entry + String(repeating: " ", count: room) + "}}")
      #expect(index.layers.first?.fileSize == 9_999_999_999_999_999_999)
      #expect(index.layers.first?.shard == ShardIndex(number: 1, count: 2))
    }
    for length in 0...entry.utf8.count {
      let text = prefix + String(entry.prefix(length))
      #expect(formatError { () throws(FormatError) in try IndexPart(text: text) }?.kind == .truncated)
    }
  }

  @Test func aNameTwiceStaysTwice() throws {
    let name = Self.names[0]
    let document = IndexVectors.minimal(
      #""layer_metadata":{"\#(name)":{"file_size":1},"\#(name)":{"file_size":2}}"#
    )
    #expect(try IndexPart(text: document).layers.map(\.fileSize) == [1, 2])
    #expect(try IndexPart(text: document).text == document)
  }

  private func largeIndex(_ count: Int, separator: String) -> [UInt8] {
    var bytes = Array(#"{"version":15,"layer_metadata":{"#.utf8)
    bytes.reserveCapacity(count * 180)
    let tail = Array("\":{\"file_size\":134217728,\"generation\":305419896,\"shard\":\"0108\"}".utf8)
    for number in 0..<count {
      if number > 0 { bytes += separator.utf8 }
      bytes.append(UInt8(ascii: "\""))
      let start = Key(0, 0x67f, 5, UInt32(number), 0, 0)
      let end = Key(0, 0x67f, 5, UInt32(number) + 1, 0, 0)
      let name = LayerName(delta: KeyRange(start: start, end: end), from: Lsn(8), to: Lsn(0x1_0000_0000))
      name.append(to: &bytes)
      bytes += tail
    }
    bytes +=
      #"},"disk_consistent_lsn":"0/16960E8","metadata_bytes":\#(IndexVectors.object),"lineage":{}}"#.utf8
    return bytes
  }

  /// 100,000 layers: memory and time in proportion.
  @Test(arguments: [",", ", "])
  func manyLayers(separator: String) throws {
    let clock = ContinuousClock()
    var times: [Duration] = []
    for count in [10_000, 100_000] {
      let bytes = largeIndex(count, separator: separator)
      var index: IndexPart?
      times.append(try clock.measure { index = try IndexPart(parsing: bytes) })
      let layers = try #require(index).layers
      #expect(layers.count == count)
      #expect(layers.last?.name.keys.start == Key(0, 0x67f, 5, UInt32(count - 1), 0, 0))
      #expect(layers.capacity * MemoryLayout<IndexLayer>.stride <= 200 * count)
      if separator == "," && count == 10_000 { #expect(index?.encode() == bytes) }
    }
    // Ten times the layers; a hundred times the time would be quadratic. Generous, as machines are shared.
    #expect(times[1] < times[0] * 40, "\(times)")
  }

  @Test func memoryOfALayer() {
    #expect(MemoryLayout<IndexLayer>.stride == 88)
  }
}
