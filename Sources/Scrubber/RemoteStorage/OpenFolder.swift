import Glibc

/// One folder of a walk: its names that are asked for, and how far the walk has come among them.
///
/// It stays open until its last name is dealt with, as files and folders are looked up in it by name alone:
/// shorter work for the system than whole paths, and safe from whatever happens to the folders above.
final class OpenFolder {
  /// What comes next in a folder.
  enum Step {
    case pageIsFull
    /// A folder, by its path and what is asked for in it.
    case folder(path: [UInt8], window: ListingWindow)
    case end
  }

  private(set) var skippedSymlinks: Int
  private(set) var skippedSpecialFiles: Int

  private let folder: FileDescriptor
  /// The folder's key with a `/`; empty for the root.
  private let path: [UInt8]
  private let window: ListingWindow
  private let names: FolderNames
  private var position = 0
  /// The first thing that went wrong with a name in the folder, and with how many names it did.
  private var problem: SystemCallError?
  private var problemCount = 0

  /// Reads the folder's names.
  init(
    _ folder: consuming FileDescriptor,
    path: [UInt8],
    window: ListingWindow
  ) throws(SystemCallError) {
    var names = FolderNames()
    var skippedSymlinks = 0
    var skippedSpecialFiles = 0
    let isUnbounded = window.isUnbounded
    try folder.forEachName { name, kind in
      switch kind {
      case .file: names.append(name, isFolder: false) { isUnbounded || window.holds(object: $0) }
      case .folder: names.append(name, isFolder: true) { isUnbounded || window.reaches(folder: $0) }
      case .symlink where window.mayHold(name): skippedSymlinks += 1
      case .special where window.mayHold(name): skippedSpecialFiles += 1
      case .symlink, .special: break
      }
    }
    names.sort()
    self.folder = folder
    self.path = path
    self.window = window
    self.names = names
    self.skippedSymlinks = skippedSymlinks
    self.skippedSpecialFiles = skippedSpecialFiles
  }

  /// What is to be said of the folder at its end, if not all of it could be listed.
  var failure: StoreError? {
    guard let problem else { return nil }
    let others = problemCount > 1 ? " (and \(problemCount - 1) more in this folder)" : ""
    var error = problem.storeError(.list, key: String(decoding: path, as: UTF8.self))
    error.detail += others
    return error
  }

  // MARK: Walking

  /// Adds files to the page until it is full or a folder or the end is reached.
  func advance(into page: inout ListingPage, pageLimit: Int) -> Step {
    // Copied, as each access to a property of a class is checked anew.
    let names = self.names
    let path = self.path
    var position = self.position
    defer { self.position = position }
    return names.bytes.withUnsafeBufferPointer { bytes in
      var status = stat()
      while position < names.count {
        let name = names.names[position]
        let text = UnsafeBufferPointer(rebasing: bytes[name.offset..<name.offset + Int(name.length)])
        if name.isFolder {
          position += 1
          return .folder(path: path + text, window: window.inside(folder: text))
        }
        if page.count >= pageLimit { return .pageIsFull }
        position += 1
        if look(at: text, &status) {
          page.append(
            folder: path,
            name: text,
            size: UInt64(clamping: status.st_size),
            lastModified: Timestamp(status.st_mtim)
          )
        }
      }
      return .end
    }
  }

  /// Opens the folder that `advance` stopped at; nil if it has gone since its name was read.
  func openCurrentFolder() throws(SystemCallError) -> FileDescriptor? {
    let name = names.names[position - 1]
    // Without the `/`: behind it, the system would follow a symbolic link of that name.
    let text = names.bytes[name.offset..<name.offset + Int(name.length) - 1].map { CChar(bitPattern: $0) }
    do throws(SystemCallError) {
      return try folder.openFolder(text + [0], for: .listing)
    } catch {
      guard error.code == ENOENT else { throw error }
      return nil
    }
  }

  /// Asks for a file's size. False if there is none to list.
  private func look(at name: UnsafeBufferPointer<UInt8>, _ status: inout stat) -> Bool {
    guard let start = UnsafeRawPointer(name.baseAddress)?.assumingMemoryBound(to: CChar.self) else {
      return false
    }
    while fstatat(folder.number, start, &status, AT_SYMLINK_NOFOLLOW) != 0 {
      let code = errno
      if code == EINTR { continue }
      // A file that has gone since its name was read is no part of the bucket any more.
      if code == ENOENT { return false }
      let text = String(decoding: name, as: UTF8.self)
      problem = problem ?? SystemCallError(attempt: "ask for the size of \(text)", code: code)
      problemCount += 1
      return false
    }
    switch FileDescriptor.NameKind(mode: status.st_mode) {
    case .file: return true
    // A file when its name was read; what lies in it now is new.
    case .folder: return false
    case .symlink: skippedSymlinks += 1
    case .special: skippedSpecialFiles += 1
    }
    return false
  }
}

extension Timestamp {
  init(_ time: timespec) {
    self.init(seconds: Int64(time.tv_sec), nanoseconds: Int64(time.tv_nsec))
  }
}
