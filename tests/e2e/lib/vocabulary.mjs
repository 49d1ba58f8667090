// A tiny model around a real vocabulary: the metadata of a vocabulary-only GGUF is copied byte for byte, but for the
// sizes of the model, and one layer of small weights is added. The numbers that it computes mean nothing.

const [U32, F32, BOOL, STRING, ARRAY] = [4, 6, 7, 8, 9];
const SCALAR_BYTES = { 0: 1, 1: 1, 2: 2, 3: 2, [U32]: 4, 5: 4, [F32]: 4, [BOOL]: 1, 10: 8, 11: 8, 12: 8 };
const ALIGNMENT = 32;
const TYPE_F32 = 0;
const TYPE_F16 = 1;

const SMALL = { hidden: 64, heads: 2, kvHeads: 1, feedForward: 64, layers: 1 };

/** The bytes of a loadable GGUF with the vocabulary of the GGUF `source` (a Buffer), and these sizes. */
export function modelAround(source, sizes = SMALL) {
  const { entries, vocabulary } = readMetadata(source);
  const architecture = 'internlm2';
  const numbers = {
    embedding_length: sizes.hidden,
    block_count: sizes.layers,
    'attention.head_count': sizes.heads,
    'attention.head_count_kv': sizes.kvHeads,
    feed_forward_length: sizes.feedForward,
    'rope.dimension_count': sizes.hidden / sizes.heads,
  };
  for (const [name, value] of Object.entries(numbers)) {
    const key = `${architecture}.${name}`;
    entries.set(key, Buffer.concat([string(key), u32(U32), u32(value)]));
  }
  const tensors = layout(vocabulary, sizes);
  const header = Buffer.concat([
    Buffer.from('GGUF'),
    u32(3),
    u64(tensors.length),
    u64(entries.size),
    ...entries.values(),
    ...tensors.map(({ name, dims, type, offset }) =>
      Buffer.concat([string(name), u32(dims.length), ...dims.map(u64), u32(type), u64(offset)])),
  ]);
  const padding = Buffer.alloc(align(header.length) - header.length);
  return Buffer.concat([header, padding, ...tensors.map(weights)]);
}

/** Every metadata entry as its bytes, by key, and the number of tokens. */
function readMetadata(source) {
  let at = 0;
  const take = (bytes) => source.subarray(at, (at += bytes));
  const number = (bytes) => (bytes === 8 ? Number(take(8).readBigUInt64LE()) : take(bytes).readUIntLE(0, bytes));
  const text = () => take(number(8)).toString('utf8');
  const skip = (type, count) => {
    if (type === STRING) for (let i = 0; i < count; i++) take(number(8));
    else take(SCALAR_BYTES[type] * count);
  };
  if (take(4).toString() !== 'GGUF') throw new Error('the vocabulary is no GGUF file');
  number(4);
  number(8);
  const entries = new Map();
  let vocabulary = 0;
  for (let left = number(8); left > 0; left--) {
    const start = at;
    const key = text();
    let type = number(4);
    let count = 1;
    if (type === ARRAY) [type, count] = [number(4), number(8)];
    if (key === 'tokenizer.ggml.tokens') vocabulary = count;
    skip(type, count);
    entries.set(key, source.subarray(start, at));
  }
  return { entries, vocabulary };
}

/** Names, shapes (the fastest dimension first) and places of all tensors. */
function layout(vocabulary, { hidden, heads, kvHeads, feedForward, layers }) {
  const kv = (hidden / heads) * kvHeads;
  const norm = (name) => ({ name, dims: [hidden], type: TYPE_F32 });
  const matrix = (name, from, to) => ({ name, dims: [from, to], type: TYPE_F16 });
  const block = (i) => [
    norm(`blk.${i}.attn_norm.weight`),
    matrix(`blk.${i}.attn_q.weight`, hidden, hidden),
    matrix(`blk.${i}.attn_k.weight`, hidden, kv),
    matrix(`blk.${i}.attn_v.weight`, hidden, kv),
    matrix(`blk.${i}.attn_output.weight`, hidden, hidden),
    norm(`blk.${i}.ffn_norm.weight`),
    matrix(`blk.${i}.ffn_gate.weight`, hidden, feedForward),
    matrix(`blk.${i}.ffn_up.weight`, hidden, feedForward),
    matrix(`blk.${i}.ffn_down.weight`, feedForward, hidden),
  ];
  const tensors = [
    matrix('token_embd.weight', hidden, vocabulary),
    ...Array.from({ length: layers }, (_, i) => block(i)).flat(),
    norm('output_norm.weight'),
    matrix('output.weight', hidden, vocabulary),
  ];
  let offset = 0;
  for (const tensor of tensors) {
    const elements = tensor.dims.reduce((a, b) => a * b);
    tensor.offset = offset;
    tensor.bytes = elements * (tensor.type === TYPE_F32 ? 4 : 2);
    offset = align(offset + tensor.bytes);
  }
  return tensors;
}

/** Norms of 1, and matrices of small numbers of both signs. */
function weights({ type, bytes }) {
  const data = Buffer.alloc(align(bytes));
  if (type === TYPE_F32) {
    for (let at = 0; at < bytes; at += 4) data.writeFloatLE(1, at);
  } else {
    // Half floats from 2^-8 to 2^-6 with changing signs.
    for (let at = 0; at < bytes; at += 2) {
      const noise = Math.imul(at + 1, 0x9e3779b1) >>> 16;
      data.writeUInt16LE((0x1c00 + (noise & 0x7ff)) | (noise & 0x8000), at);
    }
  }
  return data;
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

function string(text) {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([u64(bytes.length), bytes]);
}
