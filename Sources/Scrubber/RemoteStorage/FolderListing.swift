import Glibc

/// A listing of a folder: a walk that opens only what can hold objects that are asked for, and has no more in
/// memory than the names of the folders from the root to where it is.
///
/// - A folder or file that vanishes during the walk is left out.
/// - A folder that cannot be opened or read, or whose files' sizes cannot be told, is an error whose key is
///   that folder's path with a `/`. The next call goes on behind it, and what could be learnt of it is
///   listed.
/// - Symbolic links are not followed and not listed, only counted; nor are pipes, sockets and devices.
final class FolderListing: ListingPages {
  /// Folders inside folders that a walk goes into. Object keys have at most 1,024 bytes, real ones eight
  /// parts.
  static let maximumDepth = 128

  /// Symbolic links that were asked for and left out so far.
  private(set) var skippedSymlinks = 0
  /// Pipes, sockets and devices that were asked for and left out so far.
  private(set) var skippedSpecialFiles = 0

  /// Folders whose names were read so far.
  private(set) var listedFolders = 0

  private let root: String
  private let request: ListRequest
  private let pageLimit: Int
  private var hasBegun = false
  /// The folders from where the walk began to where it is.
  private var folders: [OpenFolder] = []
  /// An error that came behind some objects, which are handed out first.
  private var failure: StoreError?
  /// What the last page needed, as a guess for the next.
  private var keyCapacity = 0

  var resumesBehindErrors: Bool { true }

  init(root: String, request: ListRequest) {
    self.root = root
    self.request = request
    pageLimit = max(1, request.pageLimit)
  }

  func next() async throws(StoreError) -> ListingPage? {
    if let failure {
      self.failure = nil
      throw failure
    }
    var page = ListingPage(capacity: min(pageLimit, 1000), keyCapacity: keyCapacity)
    do throws(StoreError) {
      try checkNotCancelled()
      if !hasBegun { try begin() }
      while try walk(into: &page) {}
    } catch {
      if page.isEmpty { throw error }
      failure = error
    }
    keyCapacity = page.keyBytes.count
    return page.isEmpty ? nil : page
  }

  /// Does the next thing in the folder where the walk is. False if the page is full or the walk has ended.
  private func walk(into page: inout ListingPage) throws(StoreError) -> Bool {
    guard let folder = folders.last else { return false }
    switch folder.advance(into: &page, pageLimit: pageLimit) {
    case .pageIsFull:
      return false
    case .folder(let path, let window):
      try checkNotCancelled()
      try enter(path, window, in: folder)
    case .end:
      folders.removeLast()
      skippedSymlinks += folder.skippedSymlinks
      skippedSpecialFiles += folder.skippedSpecialFiles
      if let failure = folder.failure { throw failure }
    }
    return true
  }

  private func enter(
    _ path: [UInt8],
    _ window: ListingWindow,
    in parent: OpenFolder
  ) throws(StoreError) {
    guard folders.count < Self.maximumDepth else {
      let detail = "the folder lies more than \(Self.maximumDepth) folders deep"
      throw StoreError(.failed, .list, key: String(decoding: path, as: UTF8.self), detail: detail)
    }
    do throws(SystemCallError) {
      guard let folder = try parent.openCurrentFolder() else { return }
      try open(folder, path, window)
    } catch {
      throw error.storeError(.list, key: String(decoding: path, as: UTF8.self))
    }
  }

  private func open(
    _ folder: consuming FileDescriptor,
    _ path: [UInt8],
    _ window: ListingWindow
  ) throws(SystemCallError) {
    folders.append(try OpenFolder(folder, path: path, window: window))
    listedFolders += 1
  }

  private func checkNotCancelled() throws(StoreError) {
    guard Task.isCancelled else { return }
    throw StoreError(.cancelled, .list, key: request.prefix, detail: "the task was cancelled")
  }

  // MARK: The beginning

  /// Goes to the folder that the prefix names, without listing the ones on the way.
  private func begin() throws(StoreError) {
    hasBegun = true
    var window = ListingWindow(request)
    var path: [UInt8] = []
    do throws(SystemCallError) {
      let parts = window.prefix.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      var folder = try FileDescriptor.openRoot(root, for: parts.count > 1 ? .passing : .listing)
      for (index, part) in parts.dropLast().enumerated() {
        let name = part + [UInt8(ascii: "/")]
        path += name
        guard window.reaches(folder: name) else { return }
        window = window.inside(folder: name)
        let isLast = index == parts.count - 2
        guard let next = try pass(from: folder, to: part, for: isLast ? .listing : .passing) else { return }
        folder = next
      }
      try open(folder, path, window)
    } catch {
      throw error.storeError(.list, key: String(decoding: path, as: UTF8.self))
    }
  }

  /// Opens a folder on the way to the prefix; nil if there is none of that name, and so no object either.
  private func pass(
    from folder: borrowing FileDescriptor,
    to part: ArraySlice<UInt8>,
    for use: FileDescriptor.FolderUse
  ) throws(SystemCallError) -> FileDescriptor? {
    let isSpecial = part.isEmpty || part.elementsEqual(".".utf8) || part.elementsEqual("..".utf8)
    if isSpecial || part.contains(0) { return nil }
    do throws(SystemCallError) {
      return try folder.openFolderIfAny(part.map { CChar(bitPattern: $0) } + [0], for: use)
    } catch {
      guard error.code == ELOOP || error.code == ENAMETOOLONG else { throw error }
      if error.code == ELOOP { skippedSymlinks += 1 }
      return nil
    }
  }
}
