//! The bytes of a segment: head, frames, footer; and those of a cache.

use super::frames::{Frame, CHECKSUM, CRC32, RECORD_START};
use crate::error::{Error, Result};
use crate::stream::batch::compacted;
use arrow_array::RecordBatch;
use arrow_ipc::convert::IpcSchemaEncoder;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use arrow_ipc::{FooterBuilder, MetadataVersion};
use arrow_schema::{ArrowError, Schema};
use flatbuffers::FlatBufferBuilder;

/// What a segment begins with; it ends with the first six of these bytes.
pub const MAGIC: [u8; 8] = *b"ARROW1\0\0";

/// The mark of the end of the frames.
const END: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// Buffers in a body begin at multiples of this.
const ALIGNMENT: usize = 8;

/// Bytes at the end of each body that readers of Arrow files pass over: a checksum of all before them in the frame.
pub const TRAILER: u64 = 8;

/// Makes the header of a message say that its body has so many bytes. False if it says nothing of it.
fn promise_body(header: &mut [u8], body: u64) -> bool {
    let place = arrow_ipc::root_as_message(header).ok().and_then(|message| {
        let field = message._tab.vtable().get(arrow_ipc::Message::VT_BODYLENGTH);
        (field != 0).then(|| message._tab.loc() + usize::from(field))
    });
    let place = place.and_then(|at| header.get_mut(at..at + 8));
    place.map(|place| place.copy_from_slice(&body.to_le_bytes())).is_some()
}

/// Makes frames of one schema.
pub struct Encoder {
    writer: StreamWriter<Vec<u8>>,
    head: Vec<u8>,
    schema: Schema,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Encoder")
    }
}

fn refused(error: &ArrowError) -> Error {
    Error::type_error(format!("the columns cannot be stored: {error}"))
}

impl Encoder {
    /// For a file whose first record has the index `record_start`.
    pub fn new(schema: &Schema, record_start: u64) -> Result<Self> {
        let mut schema = schema.clone();
        schema.metadata.insert(RECORD_START, record_start.to_string());
        schema.metadata.insert(CHECKSUM, CRC32);
        let options = IpcWriteOptions::try_new(ALIGNMENT, false, MetadataVersion::V5)
            .map_err(|e| Error::internal(e.to_string()))?;
        let mut writer =
            StreamWriter::try_new_with_options(Vec::new(), &schema, options).map_err(|e| refused(&e))?;
        let head = std::mem::take(writer.get_mut());
        Ok(Encoder { writer, head, schema })
    }

    /// The frame of the schema, which comes first.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Appends the frame of a chunk to `out`, which will be written at `offset`.
    pub fn encode(&mut self, batch: &RecordBatch, out: &mut Vec<u8>, offset: u64) -> Result<Frame> {
        // Of a piece of a batch, what views in the other pieces point to would be written as well.
        let batch = compacted(batch.clone())?;
        let start = out.len();
        std::mem::swap(self.writer.get_mut(), out);
        let written = self.writer.write(&batch);
        std::mem::swap(self.writer.get_mut(), out);
        if let Err(e) = written {
            out.truncate(start);
            return Err(refused(&e));
        }
        let length = out.get(start + 4..start + 8).map_or([0; 4], |b| [b[0], b[1], b[2], b[3]]);
        let header = 8 + u32::from_le_bytes(length);
        let body = (out.len() - start) as u64 - u64::from(header) + TRAILER;
        if !promise_body(&mut out[start + 8..start + header as usize], body) {
            out.truncate(start);
            return Err(Error::internal("a message without the length of its body"));
        }
        let checksum = crc32fast::hash(&out[start..]);
        out.extend_from_slice(&u64::from(checksum).to_le_bytes());
        Ok(Frame {
            offset: offset + start as u64,
            header,
            body,
            rows: batch.num_rows() as u64,
            checked: true,
        })
    }

    /// What turns head and frames into an Arrow IPC file.
    pub fn footer(&self, frames: &[Frame]) -> Vec<u8> {
        let mut builder = FlatBufferBuilder::new();
        let dictionaries = builder.create_vector::<arrow_ipc::Block>(&[]);
        let blocks: Vec<arrow_ipc::Block> = frames.iter().map(Frame::block).collect();
        let blocks = builder.create_vector(&blocks);
        let schema = IpcSchemaEncoder::new().schema_to_fb_offset(&mut builder, &self.schema);
        let mut footer = FooterBuilder::new(&mut builder);
        footer.add_version(MetadataVersion::V5);
        footer.add_schema(schema);
        footer.add_dictionaries(dictionaries);
        footer.add_recordBatches(blocks);
        let root = footer.finish();
        builder.finish(root, None);
        let footer = builder.finished_data();
        let length = (footer.len() as u32).to_le_bytes();
        [&END[..], footer, &length, &MAGIC[..6]].concat()
    }
}

/// `bytes` end with a footer that is whole and names so many chunks.
pub fn ends_with_footer(tail: &[u8], chunks: usize) -> bool {
    let Some((rest, magic)) = tail.len().checked_sub(6).map(|at| tail.split_at(at)) else { return false };
    let Some((rest, length)) = rest.len().checked_sub(4).map(|at| rest.split_at(at)) else { return false };
    let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize;
    let Some(footer) = rest.len().checked_sub(length).map(|at| &rest[at..]) else { return false };
    magic == &MAGIC[..6]
        && arrow_ipc::root_as_footer(footer)
            .is_ok_and(|f| f.recordBatches().map_or(0, |blocks| blocks.len()) == chunks)
}
