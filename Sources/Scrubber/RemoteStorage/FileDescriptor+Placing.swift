import Glibc

/// Putting finished files where they belong.
extension FileDescriptor {
  /// Opens a file of this folder to add to its end; makes it if there is none.
  func openToAppend(_ name: String) throws(SystemCallError) -> FileDescriptor {
    let flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC
    return FileDescriptor(
      number: try SystemCallError.check("open the file \(name)") { openat(number, name, flags, 0o666) }
    )
  }

  /// Whether nobody else holds this file's lock, which is then ours until the file is closed.
  func lock() throws(SystemCallError) -> Bool {
    do throws(SystemCallError) {
      _ = try SystemCallError.check("lock the file") { flock(number, LOCK_EX | LOCK_NB) }
      return true
    } catch {
      guard error.code == EWOULDBLOCK else { throw error }
      return false
    }
  }

  /// Gives the lock back at once. Else that happens when the last copy of the descriptor is closed, of which a program
  /// that is being started this moment may have one.
  func unlock() { flock(number, LOCK_UN) }

  /// Moves a file of this folder into another, under a name that is free there. False if the name is taken:
  /// then nothing was done.
  func move(
    _ name: String,
    into folder: borrowing FileDescriptor,
    as newName: String
  ) throws(SystemCallError) -> Bool {
    let target = folder.number
    do throws(SystemCallError) {
      _ = try SystemCallError.check("give the file its name \(newName)") {
        linkat(number, name, target, newName, 0)
      }
    } catch {
      switch error.code {
      case EEXIST: return false
      // File systems that know no links to files. Between looking and moving somebody else could take the name.
      case EPERM, ENOTSUP, ENOSYS, EMLINK:
        guard try folder.status(of: newName) == nil else { return false }
        _ = try SystemCallError.check("give the file its name \(newName)") {
          renameat(number, name, target, newName)
        }
        return true
      default: throw error
      }
    }
    try removeFile(name)
    return true
  }

  /// Removes an empty folder of this one. That there is none is no error, nor that it is not empty.
  func removeFolder(_ name: String) throws(SystemCallError) {
    do throws(SystemCallError) {
      _ = try SystemCallError.check("remove the folder \(name)") { unlinkat(number, name, 0x200) }
    } catch {
      guard error.code == ENOENT || error.code == ENOTEMPTY || error.code == EEXIST else { throw error }
    }
  }
}
