//! The frames of an IPC stream in a file: found by their headers, up to the first that is not whole.
//!
//! ```text
//! FF FF FF FF   i32 length of the header   header   body      a schema or the rows of a chunk
//! FF FF FF FF   00 00 00 00                                   the end
//! ```

use crate::error::{Code, Error, Result};
use crate::panics;
use crate::store::{ops, File};
use crate::stream::batch::stripped;
use arrow_array::RecordBatch;
use arrow_buffer::MutableBuffer;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::FileDecoder;
use arrow_ipc::{Block, MessageHeader, MetadataVersion};
use arrow_schema::{Schema, SchemaRef};
use std::ops::Range;

/// Key in the metadata of the schema in a file: index of the first record.
pub const RECORD_START: &str = "plattli.record_start";

/// Key in the metadata of the schema in a file: what the last 8 bytes of each body are.
pub const CHECKSUM: &str = "plattli.checksum";

/// A CRC-32 of all that comes before them in the frame, little-endian, and four zeros.
pub const CRC32: &str = "crc32";

const CONTINUATION: [u8; 4] = [0xff; 4];

/// Headers are shorter than this unless a schema is very wide.
const GUESS: usize = 2048;

/// The longest header that is believed.
const LONGEST_HEADER: u64 = 64 << 20;

/// The rows of one chunk in a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frame {
    /// Where it begins.
    pub offset: u64,
    /// Bytes of prefix and header.
    pub header: u32,
    /// Bytes of the body.
    pub body: u64,
    /// Rows.
    pub rows: u64,
    /// The body ends with a checksum.
    pub checked: bool,
}

impl Frame {
    /// Where it ends.
    pub fn end(&self) -> u64 {
        self.offset + u64::from(self.header) + self.body
    }

    /// As a footer names it.
    pub fn block(&self) -> Block {
        Block::new(self.offset as i64, self.header as i32, self.body as i64)
    }
}

/// What a walk over the frames of a file has found.
#[derive(Clone, Debug)]
pub struct Walk {
    /// Columns and metadata, without our own keys.
    pub schema: SchemaRef,
    /// Index of the first record, where the file says so.
    pub record_start: Option<u64>,
    /// Frames that are whole.
    pub frames: Vec<Frame>,
    /// Where the last of them (or the schema) ends.
    pub end: u64,
    /// The frames are followed by the mark of the end.
    pub ended: bool,
}

impl Walk {
    /// Indices of the records of each frame.
    pub fn records(&self) -> impl Iterator<Item = (Frame, Range<u64>)> + '_ {
        let mut next = self.record_start.unwrap_or(0);
        self.frames.iter().map(move |frame| {
            let start = next;
            next += frame.rows;
            (*frame, start..next)
        })
    }
}

/// The head of a message.
enum Message {
    Schema(Box<Schema>, u64),
    Rows(Frame),
    End,
}

/// Walks from `offset` on, where a schema must be, up to `limit`. `None`: there is no whole schema.
pub fn walk(file: &dyn File, offset: u64, limit: u64) -> Result<Option<Walk>> {
    let Some(Message::Schema(schema, end)) = message(file, offset, limit)? else { return Ok(None) };
    let record_start = schema.metadata().get(RECORD_START).and_then(|text| text.parse().ok());
    let checked = schema.metadata().get(CHECKSUM).is_some_and(|kind| *kind == *CRC32);
    let mut walk = Walk { schema: stripped(&schema), record_start, frames: Vec::new(), end, ended: false };
    loop {
        match message(file, walk.end, limit)? {
            Some(Message::Rows(frame)) => {
                let frame = Frame { checked, ..frame };
                walk.end = frame.end();
                walk.frames.push(frame);
            }
            Some(Message::End) => {
                walk.ended = true;
                return Ok(Some(walk));
            }
            _ => return Ok(Some(walk)),
        }
    }
}

/// The message at `offset`; `None` if none is there that is whole.
fn message(file: &dyn File, offset: u64, limit: u64) -> Result<Option<Message>> {
    let Some(room) = limit.checked_sub(offset).filter(|room| *room >= 8) else { return Ok(None) };
    let mut bytes = vec![0; GUESS.min(usize::try_from(room).unwrap_or(GUESS))];
    let got = ops::read_full(file, &mut bytes, offset)?;
    bytes.truncate(got);
    let Some((prefix, length)) = bytes.get(..8).map(|b| b.split_at(4)) else { return Ok(None) };
    let length = u64::from(u32::from_le_bytes([length[0], length[1], length[2], length[3]]));
    if prefix != CONTINUATION || length > LONGEST_HEADER || 8 + length > room {
        return Ok(None);
    }
    if length == 0 {
        return Ok(Some(Message::End));
    }
    let header = 8 + length as usize;
    if bytes.len() < header {
        bytes.resize(header, 0);
        if ops::read_full(file, &mut bytes, offset)? < header {
            return Ok(None);
        }
    }
    // What reads a header was written for headers that are sound.
    let parsed = panics::catch(|| parse(&bytes[8..header], offset, header as u32)).ok().flatten();
    Ok(parsed.filter(|message| match message {
        Message::Rows(frame) => frame.body <= room - header as u64,
        _ => true,
    }))
}

fn parse(header: &[u8], offset: u64, len: u32) -> Option<Message> {
    let message = arrow_ipc::root_as_message(header).ok()?;
    let body = u64::try_from(message.bodyLength()).ok()?;
    match message.header_type() {
        MessageHeader::Schema if body == 0 => {
            let schema = try_fb_to_schema(message.header_as_schema()?).ok()?;
            Some(Message::Schema(Box::new(schema), offset + u64::from(len)))
        }
        MessageHeader::RecordBatch => {
            let rows = u64::try_from(message.header_as_record_batch()?.length()).ok()?;
            Some(Message::Rows(Frame { offset, header: len, body, rows, checked: false }))
        }
        _ => None,
    }
}

/// The checksum at the end of a frame is that of the rest.
fn is_sound(frame: &[u8]) -> bool {
    match frame.split_last_chunk() {
        Some((rest, told)) => u64::from_le_bytes(*told) == u64::from(crc32fast::hash(rest)),
        None => false,
    }
}

/// Reads the rows of a frame. [`Code::Corrupt`] if they cannot be.
pub fn read(
    file: &dyn File,
    frame: &Frame,
    schema: &SchemaRef,
    columns: Option<&[usize]>,
) -> Result<RecordBatch> {
    let corrupt = |what: String| {
        Error::new(Code::Corrupt, format!("the chunk at byte {} cannot be read: {what}", frame.offset))
    };
    let len = usize::try_from(u64::from(frame.header) + frame.body)
        .map_err(|_| corrupt("it does not fit into memory".into()))?;
    let mut buffer = MutableBuffer::try_from_len_zeroed(len).map_err(|e| corrupt(e.to_string()))?;
    if ops::read_full(file, buffer.as_slice_mut(), frame.offset)? < len {
        return Err(corrupt("the file is shorter".into()));
    }
    if frame.checked && !is_sound(buffer.as_slice()) {
        return Err(corrupt("its checksum is wrong".into()));
    }
    let mut decoder = FileDecoder::new(schema.clone(), MetadataVersion::V5);
    if let Some(columns) = columns {
        decoder = decoder.with_projection(columns.to_vec());
    }
    let buffer = buffer.into();
    match panics::catch(|| decoder.read_record_batch(&frame.block(), &buffer)) {
        Ok(Ok(Some(batch))) if batch.num_rows() as u64 == frame.rows => Ok(batch),
        Ok(Ok(_)) => Err(corrupt("it does not hold the rows it promises".into())),
        Ok(Err(e)) => Err(corrupt(e.to_string())),
        Err(panic) => Err(corrupt(panic)),
    }
}
