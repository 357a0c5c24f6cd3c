import IndexFormat

/// The timelines of one shard drawn as a tree: each below its ancestor, in the order of branch points.
///
/// Those whose ancestor is not there, or that lead back to themselves, stand at the top with what they name.
struct TimelineTree {
  private let summaries: [TimelineID: TimelineSummary]
  private let children: [TimelineID: [TimelineID]]
  private let roots: [TimelineID]
  private let style: TextStyle

  init(_ all: [TimelineSummary], style: TextStyle) {
    self.style = style
    let summaries = Dictionary(all.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var children: [TimelineID: [TimelineID]] = [:]
    var roots: [TimelineID] = []
    for summary in all {
      if let ancestor = summary.ancestor, summaries[ancestor.timeline] != nil {
        children[ancestor.timeline, default: []].append(summary.id)
      } else {
        roots.append(summary.id)
      }
    }
    for id in children.keys {
      children[id]?.sort {
        let (left, right) = (
          summaries[$0]?.ancestor?.lsn ?? .invalid, summaries[$1]?.ancestor?.lsn ?? .invalid
        )
        return left == right ? $0 < $1 : left < right
      }
    }
    self.summaries = summaries
    self.children = children
    self.roots = roots
  }

  var lines: [String] {
    var lines: [String] = []
    var drawn = Set<TimelineID>()
    for root in roots { draw(root, &lines, &drawn) }
    // What is on a ring has been reached from no root.
    for id in summaries.keys.sorted() where !drawn.contains(id) { draw(id, &lines, &drawn) }
    return lines
  }

  /// Without recursion: a chain of branches may be as long as it likes.
  private func draw(_ root: TimelineID, _ lines: inout [String], _ drawn: inout Set<TimelineID>) {
    var stack = [(id: root, lead: "", rest: "")]
    while let (id, lead, rest) = stack.popLast() {
      guard drawn.insert(id).inserted, let summary = summaries[id] else { continue }
      lines.append(TerminalText.escape(lead) + text(summary, isRoot: lead.isEmpty))
      let branches = children[id] ?? []
      for (number, child) in branches.enumerated().reversed() {
        let isLast = number == branches.count - 1
        let point = summaries[child]?.ancestor.map { "\($0.lsn)" } ?? "?"
        stack.append((child, "\(rest)\(isLast ? "└─" : "├─") \(point) ─ ", rest + (isLast ? "   " : "│  ")))
      }
    }
  }

  private func text(_ summary: TimelineSummary, isRoot: Bool) -> String {
    var facts: [String] = []
    if let view = summary.view {
      facts.append("to \(view.index.diskConsistentLsn)")
      facts.append("\(Count(view.layers.count, "layer")), \(DecimalText.bytes(view.layerByteCount))")
    }
    if isRoot, let ancestor = summary.ancestor {
      let reason = summaries[ancestor.timeline] == nil ? "which is not there" : "which leads back to it"
      facts.append("branched off \(ancestor.timeline) at \(ancestor.lsn), \(reason)")
    }
    if summary.states != [.active] { facts.append(summary.stateText) }
    return style.heading("\(summary.id)") + (facts.isEmpty ? "" : "  " + facts.joined(separator: ", "))
  }
}
