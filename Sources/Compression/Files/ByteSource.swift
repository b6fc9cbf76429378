/// Bytes that are pulled, in order, by one owner.
package protocol ByteSource: AnyObject {
    /// Fills the front of a buffer, which must not be empty.
    ///
    /// - Returns: how many bytes were written, at least 1; 0 at the end, and again at every call after it.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int

    /// How many bytes were taken from the file so far: compressed ones where the file is compressed.
    var fileBytesRead: Int64 { get }
}

/// Bytes that are pushed, in order, by one owner.
package protocol ByteSink: AnyObject {
    func write(_ bytes: UnsafeRawBufferPointer) throws(CompressionError)

    /// Writes what is held back and closes the output. To be called once, after the last write; an output that was
    /// not finished is not to be used.
    func finish() throws(CompressionError)

    /// How many bytes the file has received so far: compressed ones where it is compressed.
    var fileBytesWritten: Int64 { get }
}
