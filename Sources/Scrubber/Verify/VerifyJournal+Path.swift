import Glibc

/// Where journals lie that nobody has named.
extension VerifyJournal {
  /// `scrubber/verify-<fingerprint>.ndjson` in `$XDG_STATE_HOME`, or in `~/.local/state`; nil if there is neither.
  /// Makes the folder.
  ///
  /// Source: the XDG Base Directory Specification, which also says that a relative path counts as none.
  static func defaultPath(_ fingerprint: String, _ environment: Environment) throws(SystemCallError)
    -> String?
  {
    try defaultFolder(environment).map { "\($0)/verify-\(fingerprint.prefix(16)).ndjson" }
  }

  /// The folder of these files. Makes it.
  static func defaultFolder(_ environment: Environment) throws(SystemCallError) -> String? {
    let state = environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
    let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
    guard let root = state ?? home.map({ "\($0)/.local/state" }) else { return nil }
    let folder = "\(root)/scrubber"
    try makeFolders(folder)
    return folder
  }

  private static func makeFolders(_ path: String) throws(SystemCallError) {
    var end = path.utf8.startIndex
    while end < path.utf8.endIndex {
      let rest = path.utf8[path.utf8.index(after: end)...]
      end = rest.firstIndex(of: UInt8(ascii: "/")) ?? path.utf8.endIndex
      let folder = String(path[..<end])
      do throws(SystemCallError) {
        _ = try SystemCallError.check("create the folder \(folder)") { mkdir(folder, 0o700) }
      } catch {
        guard error.code == EEXIST else { throw error }
      }
    }
  }
}
