// Cuts a GGUF file into parts as llama.cpp's gguf-split does: each part a GGUF file of its own with some of the tensors; the
// first has the metadata of the whole.

const [U16, I32, STRING, ARRAY] = [2, 5, 8, 9];
const SCALAR_BYTES = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };
const ALIGNMENT = 32;

/** The bytes of `count` parts. */
export function splitModel(source, count) {
  const { entries, tensors, data } = read(source);
  const parts = Array.from({ length: count }, (_, i) =>
    tensors.filter((_, t) => Math.floor((t * count) / tensors.length) === i));
  return parts.map((own, i) => write(i === 0 ? entries : [], own, source, data, i, count, tensors.length));
}

function write(entries, tensors, source, data, number, count, all) {
  const split = [
    entry('split.no', U16, number), entry('split.count', U16, count), entry('split.tensors.count', I32, all),
  ];
  const metadata = [...entries, ...split];
  let offset = 0;
  const table = [];
  const bodies = [];
  for (const { head, start, bytes } of tensors) {
    table.push(head, u64(offset));
    const body = Buffer.alloc(align(bytes));
    source.copy(body, 0, data + start, data + start + bytes);
    bodies.push(body);
    offset += body.length;
  }
  const header = Buffer.concat([Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(metadata.length), ...metadata, ...table]);
  return Buffer.concat([header, Buffer.alloc(align(header.length) - header.length), ...bodies]);
}

/** Metadata entries as bytes, tensors with the bytes of their lines but for the offset, and where the data begins. */
function read(source) {
  let at = 0;
  const take = (bytes) => source.subarray(at, (at += bytes));
  const number = (bytes) => (bytes === 8 ? Number(take(8).readBigUInt64LE()) : take(bytes).readUIntLE(0, bytes));
  take(8);
  const [tensorCount, entryCount] = [number(8), number(8)];
  const entries = [];
  for (let i = 0; i < entryCount; i++) {
    const start = at;
    take(number(8));
    let [type, items] = [number(4), 1];
    if (type === ARRAY) [type, items] = [number(4), number(8)];
    if (type === STRING) for (let j = 0; j < items; j++) take(number(8));
    else take(SCALAR_BYTES[type] * items);
    entries.push(source.subarray(start, at));
  }
  const tensors = [];
  for (let i = 0; i < tensorCount; i++) {
    const start = at;
    take(number(8));
    take(8 * number(4) + 4);
    tensors.push({ head: source.subarray(start, at), start: number(8) });
  }
  const data = align(at);
  tensors.forEach((tensor, i) => (tensor.bytes = (tensors[i + 1]?.start ?? source.length - data) - tensor.start));
  return { entries, tensors, data };
}

function entry(key, type, value) {
  const text = Buffer.from(key);
  const bytes = Buffer.alloc(type === U16 ? 2 : 4);
  if (type === U16) bytes.writeUInt16LE(value);
  else bytes.writeInt32LE(value);
  return Buffer.concat([u64(text.length), text, u32(type), bytes]);
}

const align = (bytes) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
