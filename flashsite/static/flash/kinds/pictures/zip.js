// Writes a zip without compression as a Blob. Pictures are compressed already; their bytes are read once for the
// checksum and then taken by reference, so that memory stays small. Format: PKWARE APPNOTE 6.3, no zip64.
const MOST_ENTRIES = 65535, MOST_BYTES = 0xffffffff;
const TABLE = new Uint32Array(256).map((_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

async function crc32(file) {
  let crc = 0xffffffff;
  const reader = file.stream().getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    for (const byte of part.value) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

// What a local header and a central one share, from "version needed" on. Names are UTF-8 (bit 11); 1980-01-01.
function common(view, at, entry) {
  const {name, crc, size} = entry;
  [[20, 2], [0x0800, 2], [0, 2], [0, 2], [0x21, 2], [crc, 4], [size, 4], [size, 4], [name.length, 2], [0, 2]].forEach(([value, bytes]) => {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes;
  });
}

function header(signature, length, entry) {
  const bytes = new Uint8Array(length + entry.name.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signature, true);
  bytes.set(entry.name, length);
  return [bytes, view];
}

function localHeader(entry) {
  const [bytes, view] = header(0x04034b50, 30, entry);
  common(view, 4, entry);
  return bytes;
}

function centralHeader(entry) {
  const [bytes, view] = header(0x02014b50, 46, entry);
  view.setUint16(4, 20, true);
  common(view, 6, entry);
  view.setUint32(42, entry.offset, true);
  return bytes;
}

function end(count, size, offset) {
  const view = new DataView(new ArrayBuffer(22));
  view.setUint32(0, 0x06054b50, true);
  view.setUint16(8, count, true);
  view.setUint16(10, count, true);
  view.setUint32(12, size, true);
  view.setUint32(16, offset, true);
  return view.buffer;
}

// `files`: [{path, file}]; `onProgress(share)`; `signal`: an AbortSignal. Resolves to a Blob.
export async function zip(files, {onProgress = () => {}, signal} = {}) {
  if (files.length > MOST_ENTRIES) throw new RangeError(`More than ${MOST_ENTRIES.toLocaleString("en")} pictures: make a zip of them and upload that.`);
  const encoder = new TextEncoder();
  const parts = [], central = [];
  let offset = 0;
  for (const [index, {path, file}] of files.entries()) {
    signal?.throwIfAborted();
    const entry = {name: encoder.encode(path), size: file.size, crc: await crc32(file), offset};
    const head = localHeader(entry);
    parts.push(head, file);
    central.push(centralHeader(entry));
    offset += head.length + file.size;
    if (offset > MOST_BYTES) throw new RangeError("More than 4 GB: make a zip of them and upload that.");
    onProgress((index + 1) / files.length);
  }
  const size = central.reduce((sum, bytes) => sum + bytes.length, 0);
  return new Blob([...parts, ...central, end(files.length, size, offset)], {type: "application/zip"});
}
