import Engine
import Foundation
import IndexFormat
import Testing

/// What a real page server said of a tenant: the oracle folder of the golden data.
struct Oracle: Sendable {
  /// The keys of a timeline at one LSN.
  struct Point: Sendable {
    /// Such as `A.main@end`.
    var name: String
    var tenant: TenantShardID
    var timeline: TimelineID
    var lsn: Lsn
    var dense: [KeyRange]
    var sparse: [KeyRange]
  }

  /// A timeline's figures, at its end unless they say another LSN.
  struct Timeline: Sendable {
    /// Such as `A.main`.
    var name: String
    var tenant: TenantShardID
    var timeline: TimelineID
    var lastLsn: Lsn
    /// What could still be read: the larger one of GC cutoff and ancestor LSN.
    var firstLsn: Lsn
    var logicalByteCount: UInt64
    var layers: [Layer]
    var commitTimes: [(lsn: Lsn, answer: CommitTime)]
    var lsns: [(time: PostgresTimestamp, answer: LsnOfTime)]
  }

  /// A layer of a page server's layer map.
  struct Layer: Hashable, Sendable {
    /// As text, with the keys and LSNs.
    var name: String
    var isDelta: Bool
    var byteCount: UInt64
  }

  /// When the last commit before an LSN was.
  enum CommitTime: Equatable, Sendable {
    case time(PostgresTimestamp)
    /// No commit was known.
    case none
    /// Below what GC left, directories have no value.
    case missingKey(Key)
  }

  /// Aux files of a timeline at an LSN, by path.
  struct AuxFiles: Sendable {
    var timeline: TimelineID
    var lsn: Lsn
    var files: [String: [UInt8]]
  }

  let points: [Point]
  let timelines: [Timeline]
  let auxFiles: [AuxFiles]

  /// - tenant: its letter.
  init(_ tenant: String) throws {
    let folder = try UnpackedArchive("\(Golden.part(of: tenant))/oracle/\(tenant).tar.zst")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
    func text(_ name: String) throws -> Data { try Data(contentsOf: folder.url.appending(path: name)) }
    func object(_ name: String) throws -> [String: Any] {
      try #require(try JSONSerialization.jsonObject(with: try text(name)) as? [String: Any], "\(name)")
    }
    points = try names.filter { $0.hasSuffix(".keyspace.json") }.map { name in
      let stem = String(name.dropLast(".keyspace.json".count))
      return try Point(stem, try object(name), firstLine: try text(stem + ".pages.tsv"))
    }
    let timelines = try names.filter { $0.hasSuffix(".timeline.json") }.map { name in
      try Timeline(String(name.dropLast(".timeline.json".count)), try object(name))
    }
    self.timelines = timelines
    auxFiles = try names.flatMap { name throws -> [AuxFiles] in
      if name.hasSuffix(".auxfiles.json") {
        let timeline = try #require(timelines.first { $0.name + ".auxfiles.json" == name })
        return [try AuxFiles(timeline.timeline, timeline.lastLsn, try object(name))]
      }
      guard name.hasSuffix(".aux_files.json") else { return [] }
      return try object(name).map { place, files in
        let parts = place.split(separator: "@").map(String.init)
        return try AuxFiles(
          try #require(TimelineID(parts[0])),
          try #require(Lsn(parts[1])),
          try #require(files as? [String: Any])
        )
      }
    }
  }
}

extension Oracle.Point {
  /// - firstLine: says which tenant and timeline it is.
  fileprivate init(_ name: String, _ object: [String: Any], firstLine: Data) throws {
    let words = String(decoding: firstLine.prefix(200), as: UTF8.self).split { " ;\n".contains($0) }.map(
      String.init
    )
    func word(behind: String) throws -> String {
      words[try #require(words.firstIndex(of: behind)) + 1]
    }
    func ranges(_ member: String) throws -> [KeyRange] {
      try #require(object[member] as? [[String]]).map {
        KeyRange(start: try #require(Key($0[0])), end: try #require(Key($0[1])))
      }
    }
    self.init(
      name: name,
      tenant: try #require(TenantShardID(try word(behind: "tenant"))),
      timeline: try #require(TimelineID(try word(behind: "timeline"))),
      lsn: try #require((object["at_lsn"] as? String).flatMap { Lsn($0) }),
      dense: try ranges("keys"),
      sparse: try ranges("sparse_keys")
    )
    #expect(try Lsn(word(behind: "lsn")) == lsn)
  }
}

extension Oracle.Timeline {
  fileprivate init(_ name: String, _ object: [String: Any]) throws {
    let detail = try #require(object["detail"] as? [String: Any])
    func text(_ member: String) -> String? { detail[member] as? String }
    func lsn(_ member: String) -> Lsn? { text(member).flatMap { Lsn($0) } }
    let cutoff = lsn("applied_gc_cutoff_lsn") ?? lsn("latest_gc_cutoff_lsn") ?? .invalid
    // A shard that was not asked has a list without members.
    let times = object["timestamp_of_lsn"] as? [String: Any] ?? [:]
    let lsns = object["lsn_by_timestamp"] as? [String: [String: String]] ?? [:]
    self.init(
      name: name,
      tenant: try #require(text("tenant_id").flatMap { TenantShardID($0) }),
      timeline: try #require(text("timeline_id").flatMap { TimelineID($0) }),
      lastLsn: try #require(lsn("last_record_lsn")),
      firstLsn: max(cutoff, lsn("ancestor_lsn") ?? .invalid),
      logicalByteCount: try #require(detail["current_logical_size"] as? UInt64),
      layers: try Self.layers(object),
      commitTimes: try times.map { (try #require(Lsn($0)), try Self.commitTime($1)) },
      lsns: try lsns.map {
        let kind = try #require($1["kind"].flatMap { LsnOfTime.Kind(rawValue: $0) })
        return (try Self.time($0), LsnOfTime(kind, try #require($1["lsn"].flatMap { Lsn($0) })))
      }
    )
  }

  private static func layers(_ object: [String: Any]) throws -> [Oracle.Layer] {
    let map = try #require(object["layers"] as? [String: Any])
    #expect((map["in_memory_layers"] as? [Any])?.isEmpty == true)
    return try #require(map["historic_layers"] as? [[String: Any]]).map { layer in
      let kind = try #require(layer["kind"] as? String)
      #expect(["Delta", "Image"].contains(kind))
      return Oracle.Layer(
        name: try #require(layer["layer_file_name"] as? String),
        isDelta: kind == "Delta",
        byteCount: try #require(layer["layer_file_size"] as? UInt64)
      )
    }
  }

  private static func commitTime(_ answer: Any) throws -> Oracle.CommitTime {
    if let text = answer as? String { return .time(try time(text)) }
    let message = try #require((answer as? [String: String])?["error"])
    if message.contains("not found\"") { return .none }
    let parts = try #require(message.range(of: "could not find data for key ["))
    return .missingKey(try #require(Key(String(message[parts.upperBound...].prefix(Key.textLength)))))
  }

  private static func time(_ text: String) throws -> PostgresTimestamp {
    PostgresTimestamp(try #require(NaiveDateTime(text.replacing("Z", with: ""))))
  }
}

extension Oracle.AuxFiles {
  fileprivate init(_ timeline: TimelineID, _ lsn: Lsn, _ files: [String: Any]) throws {
    self.init(
      timeline: timeline,
      lsn: lsn,
      files: try files.mapValues { try #require($0 as? [UInt8]) }
    )
  }
}

extension Golden {
  /// The folder of a tenant's era.
  static func part(of tenant: String) -> String {
    ["J", "K", "M"].contains(tenant) ? "pageserver-2024" : "pageserver"
  }

  /// What the page server of a tenant's era did.
  static func rules(of tenant: String) -> ReadRules {
    part(of: tenant) == "pageserver" ? .march2026 : .june2024
  }
}
