//! Writes GGUF files part by part, sound or not: what a parsed file says, after a test has changed some of it.

use inkstone::gguf::{Array, File, Value};

/// A tensor as the table states it. The data is zeros.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    pub name: String,
    pub dims: Vec<u64>,
    pub type_id: u32,
    pub bytes: usize,
    /// `None`: where the data really is.
    pub offset: Option<u64>,
}

/// A file before it is written.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    pub entries: Vec<(String, Value)>,
    pub tensors: Vec<Tensor>,
    /// Of the data; the metadata says so only if an entry does.
    pub alignment: usize,
}

impl Parts {
    /// Nothing at all, which is a valid file.
    pub fn new() -> Self {
        Self { alignment: 32, ..Self::default() }
    }

    /// What a file consists of.
    pub fn of(file: &File) -> Self {
        let tensor = |info: &inkstone::gguf::TensorInfo| {
            Tensor::new(&info.name, &info.dims, info.dtype.ggml_id(), info.bytes as usize)
        };
        Self {
            entries: file.metadata().iter().map(|(key, value)| (key.to_owned(), value.clone())).collect(),
            tensors: file.tensors().iter().map(tensor).collect(),
            alignment: file.alignment() as usize,
        }
    }

    /// The one-layer model of `fixtures/bad`.
    pub fn valid() -> Self {
        Self::of(&super::header(&super::bad("valid.gguf")).unwrap())
    }

    /// With the value of `key` changed, or the entry added.
    pub fn with(mut self, key: &str, value: Value) -> Self {
        match self.entries.iter_mut().find(|(name, _)| name == key) {
            Some(entry) => entry.1 = value,
            None => self.entries.push((key.to_owned(), value)),
        }
        self
    }

    /// Without the entry of `key`.
    pub fn without(mut self, key: &str) -> Self {
        self.entries.retain(|(name, _)| name != key);
        self
    }

    /// With another tensor at the end.
    pub fn with_tensor(mut self, tensor: Tensor) -> Self {
        self.tensors.push(tensor);
        self
    }

    /// The tensor of that name, to be changed.
    pub fn tensor(&mut self, name: &str) -> &mut Tensor {
        self.tensors.iter_mut().find(|tensor| tensor.name == name).unwrap()
    }

    /// The file up to the end of the tensor table.
    pub fn header(&self) -> Vec<u8> {
        let mut out = preamble(3, self.tensors.len() as u64, self.entries.len() as u64);
        for (key, value) in &self.entries {
            out.extend(text(key));
            out.extend(encode(value));
        }
        let mut offset = 0;
        for tensor in &self.tensors {
            out.extend(text(&tensor.name));
            out.extend((tensor.dims.len() as u32).to_le_bytes());
            out.extend(tensor.dims.iter().flat_map(|dim| dim.to_le_bytes()));
            out.extend(tensor.type_id.to_le_bytes());
            out.extend(tensor.offset.unwrap_or(offset as u64).to_le_bytes());
            offset += tensor.bytes.next_multiple_of(self.alignment);
        }
        out
    }

    /// The whole file.
    pub fn write(&self) -> Vec<u8> {
        let mut out = self.header();
        for tensor in &self.tensors {
            out.resize(out.len().next_multiple_of(self.alignment), 0);
            out.resize(out.len() + tensor.bytes, 0);
        }
        out
    }
}

impl Tensor {
    /// A tensor at its right place.
    pub fn new(name: &str, dims: &[u64], type_id: u32, bytes: usize) -> Self {
        Self { name: name.to_owned(), dims: dims.to_vec(), type_id, bytes, offset: None }
    }
}

/// Magic, version and counts.
pub fn preamble(version: u32, tensors: u64, entries: u64) -> Vec<u8> {
    [&b"GGUF"[..], &version.to_le_bytes(), &tensors.to_le_bytes(), &entries.to_le_bytes()].concat()
}

/// A text with its length.
pub fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
}

/// A value with its type.
pub fn encode(value: &Value) -> Vec<u8> {
    let (id, payload) = match value {
        Value::U8(v) => (0, v.to_le_bytes().to_vec()),
        Value::I8(v) => (1, v.to_le_bytes().to_vec()),
        Value::U16(v) => (2, v.to_le_bytes().to_vec()),
        Value::I16(v) => (3, v.to_le_bytes().to_vec()),
        Value::U32(v) => (4, v.to_le_bytes().to_vec()),
        Value::I32(v) => (5, v.to_le_bytes().to_vec()),
        Value::F32(v) => (6, v.to_le_bytes().to_vec()),
        Value::Bool(v) => (7, vec![u8::from(*v)]),
        Value::String(v) => (8, text(v)),
        Value::Array(v) => (9, encode_array(v)),
        Value::U64(v) => (10, v.to_le_bytes().to_vec()),
        Value::I64(v) => (11, v.to_le_bytes().to_vec()),
        Value::F64(v) => (12, v.to_le_bytes().to_vec()),
    };
    [&u32::to_le_bytes(id)[..], &payload].concat()
}

fn encode_array(array: &Array) -> Vec<u8> {
    // The items are encoded as values, whose types are then left out.
    let values: Vec<Value> = match array {
        Array::U8(v) => v.iter().copied().map(Value::U8).collect(),
        Array::I8(v) => v.iter().copied().map(Value::I8).collect(),
        Array::U16(v) => v.iter().copied().map(Value::U16).collect(),
        Array::I16(v) => v.iter().copied().map(Value::I16).collect(),
        Array::U32(v) => v.iter().copied().map(Value::U32).collect(),
        Array::I32(v) => v.iter().copied().map(Value::I32).collect(),
        Array::U64(v) => v.iter().copied().map(Value::U64).collect(),
        Array::I64(v) => v.iter().copied().map(Value::I64).collect(),
        Array::F32(v) => v.iter().copied().map(Value::F32).collect(),
        Array::F64(v) => v.iter().copied().map(Value::F64).collect(),
        Array::Bool(v) => v.iter().copied().map(Value::Bool).collect(),
        Array::String(v) => v.iter().cloned().map(Value::String).collect(),
    };
    let id: u32 = match array {
        Array::U8(_) => 0,
        Array::I8(_) => 1,
        Array::U16(_) => 2,
        Array::I16(_) => 3,
        Array::U32(_) => 4,
        Array::I32(_) => 5,
        Array::F32(_) => 6,
        Array::Bool(_) => 7,
        Array::String(_) => 8,
        Array::U64(_) => 10,
        Array::I64(_) => 11,
        Array::F64(_) => 12,
    };
    let mut out = [&id.to_le_bytes()[..], &(values.len() as u64).to_le_bytes()].concat();
    out.extend(values.iter().flat_map(|value| encode(value).split_off(4)));
    out
}
