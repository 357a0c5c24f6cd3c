import IndexFormat

extension Finding {
  /// What the finding is about, for grouping: `<tenant shard>/<timeline>`, `<tenant shard>`, `<tenant>` or
  /// `bucket`.
  var place: String {
    guard let tenant else { return "bucket" }
    let owner = tenantShard?.description ?? tenant.description
    return timeline.map { "\(owner)/\($0)" } ?? owner
  }

  /// All that is known besides the place, in one line: `layer.missing: … (object …, seen …, expected …)`.
  var line: String {
    let details = details
    return "\(code.rawValue): \(message)" + (details.isEmpty ? "" : " (\(details.joined(separator: ", ")))")
  }

  private var details: [String] {
    var parts: [String] = []
    func add(_ label: String, _ value: String?) { if let value { parts.append("\(label) \(value)") } }
    add("object", objectKey)
    add("offset", offset.map(String.init))
    add("key", key?.description)
    add("LSN", lsn?.description)
    add("seen", seen)
    add("expected", expected)
    return parts
  }
}
