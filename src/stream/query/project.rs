//! Which columns a page has, and in which form.

use super::scan::bug;
use crate::arrow::compact::{self, Copies};
use crate::error::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StructArray, UInt64Array};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, FieldRef, Fields, Schema, SchemaRef};
use std::collections::HashSet;
use std::sync::Arc;

/// A choice of columns.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Projection {
    /// These columns only, in this order; empty: all. Those that there are not are left out.
    pub pick: Vec<String>,
    /// Not these columns.
    pub exclude: Vec<String>,
    /// The fields of structs become columns, their names joined by this.
    pub flatten: Option<String>,
    /// Texts, bytes and lists that are larger become null.
    pub max_value_bytes: Option<u64>,
    /// Two more columns say the partition of each row and its index there.
    pub labels: bool,
}

impl Projection {
    /// The places of the columns that have to be read, the time first; `None` for all of them.
    pub fn places(&self, schema: &Schema) -> Option<Vec<usize>> {
        if self.pick.is_empty() && self.exclude.is_empty() {
            return None;
        }
        let mut places = vec![0];
        for (place, field) in schema.fields().iter().enumerate().skip(1) {
            if self.leaves(field).iter().any(|(name, _)| self.wants(name)) {
                places.push(place);
            }
        }
        (places.len() < schema.fields().len()).then_some(places)
    }

    fn wants(&self, name: &str) -> bool {
        (self.pick.is_empty() || self.pick.iter().any(|p| p == name))
            && !self.exclude.iter().any(|p| p == name)
    }

    /// The columns that a column becomes, each with the way to it through structs.
    fn leaves(&self, field: &FieldRef) -> Vec<(String, Vec<usize>)> {
        let mut found = Vec::new();
        self.leaves_below(field, field.name().clone(), &mut Vec::new(), &mut found);
        found
    }

    fn leaves_below(
        &self,
        field: &FieldRef,
        name: String,
        way: &mut Vec<usize>,
        found: &mut Vec<(String, Vec<usize>)>,
    ) {
        match (&self.flatten, field.data_type()) {
            (Some(separator), DataType::Struct(fields)) => {
                for (place, below) in fields.iter().enumerate() {
                    way.push(place);
                    self.leaves_below(below, format!("{name}{separator}{}", below.name()), way, found);
                    way.pop();
                }
            }
            _ => found.push((name, way.clone())),
        }
    }
}

/// How the columns of a page are made from those that were read.
#[derive(Debug)]
pub struct Plan {
    /// Per column of the page: the place among the columns read, and the way through structs below it.
    columns: Vec<(usize, Vec<usize>)>,
    max_value_bytes: Option<u64>,
    schema: SchemaRef,
}

impl Plan {
    /// For a partition with these columns.
    pub fn new(projection: &Projection, schema: &SchemaRef) -> Result<Plan> {
        let places = projection.places(schema);
        let mut all: Vec<(String, usize, Vec<usize>, FieldRef)> = Vec::new();
        for (place, field) in schema.fields().iter().enumerate() {
            // Columns that are not read are not wanted either; they are here for their names.
            let read = places.as_ref().map_or(Some(place), |read| read.iter().position(|p| *p == place));
            for (name, way) in projection.leaves(field) {
                let leaf = leaf_field(field, &way, &name);
                all.push((name, read.unwrap_or(usize::MAX), way, leaf));
            }
        }
        let mut names = HashSet::new();
        if let Some((twice, ..)) = all.iter().find(|(name, ..)| !names.insert(name.as_str())) {
            if projection.flatten.is_some() {
                let what =
                    format!("two columns would be named {twice:?}: take another separator to flatten by");
                return Err(Error::argument(what));
            }
        }
        let known = all.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>().join(", ");
        if !projection.pick.is_empty() {
            let picked = projection.pick.iter().filter_map(|p| all.iter().find(|(name, ..)| name == p));
            all = picked.cloned().collect();
            if all.is_empty() {
                return Err(Error::not_found(format!(
                    "none of the picked columns is there; there are: {known}"
                )));
            }
        }
        all.retain(|(name, ..)| !projection.exclude.contains(name));
        if all.is_empty() {
            return Err(Error::argument(format!("all columns are excluded; there are: {known}")));
        }
        let capped = |field: &FieldRef| match projection.max_value_bytes {
            Some(_) => nullable(field),
            None => field.clone(),
        };
        let fields: Vec<FieldRef> = all.iter().map(|(.., field)| capped(field)).collect();
        Ok(Plan {
            columns: all.into_iter().map(|(_, top, way, _)| (top, way)).collect(),
            max_value_bytes: projection.max_value_bytes,
            schema: Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone())),
        })
    }

    /// The columns of the page.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The columns made from those of a batch.
    pub fn apply(&self, batch: &RecordBatch) -> Result<Vec<ArrayRef>> {
        let column = |(top, way): &(usize, Vec<usize>)| {
            let missing = || Error::internal("a column of the page was not read");
            let mut column = batch.columns().get(*top).ok_or_else(missing)?.clone();
            for place in way {
                let parent = column.as_struct_opt().ok_or_else(missing)?;
                column = under(parent.column(*place), parent.nulls())?;
            }
            match self.max_value_bytes {
                Some(most) => without_large(&column, most),
                None => Ok(column),
            }
        };
        self.columns.iter().map(column).collect()
    }
}

fn leaf_field(top: &FieldRef, way: &[usize], name: &str) -> FieldRef {
    let (mut field, mut nullable) = (top.clone(), top.is_nullable());
    for place in way {
        if let DataType::Struct(fields) = field.data_type() {
            field = fields[*place].clone();
            nullable |= field.is_nullable();
        }
    }
    Arc::new(field.as_ref().clone().with_name(name).with_nullable(nullable))
}

/// A field of a struct is null where the struct is.
fn under(column: &ArrayRef, parent: Option<&NullBuffer>) -> Result<ArrayRef> {
    let Some(parent) = parent else { return Ok(column.clone()) };
    let nulls = NullBuffer::union(Some(parent), column.nulls());
    let data = column.to_data().into_builder().nulls(nulls).build().map_err(bug)?;
    Ok(arrow_array::make_array(data))
}

/// Columns of which a value may be taken away.
fn nullable(field: &FieldRef) -> FieldRef {
    match field.data_type() {
        DataType::Struct(fields) => {
            let fields: Fields = fields.iter().map(nullable).collect();
            Arc::new(field.as_ref().clone().with_data_type(DataType::Struct(fields)))
        }
        dtype if has_sizes(dtype) => Arc::new(field.as_ref().clone().with_nullable(true)),
        _ => field.clone(),
    }
}

fn has_sizes(dtype: &DataType) -> bool {
    matches!(
        dtype,
        DataType::Utf8
            | DataType::LargeUtf8
            | DataType::Utf8View
            | DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_)
            | DataType::List(_)
            | DataType::LargeList(_)
            | DataType::ListView(_)
            | DataType::LargeListView(_)
            | DataType::FixedSizeList(..)
            | DataType::Map(..)
    )
}

/// The column without its large values, and without their memory.
fn without_large(column: &ArrayRef, most: u64) -> Result<ArrayRef> {
    if let Some(parent) = column.as_struct_opt() {
        let columns = parent.columns().iter().map(|c| without_large(c, most)).collect::<Result<Vec<_>>>()?;
        let fields: Fields = parent.fields().iter().map(nullable).collect();
        let made = StructArray::try_new_with_length(fields, columns, parent.nulls().cloned(), parent.len());
        return Ok(Arc::new(made.map_err(bug)?));
    }
    if !has_sizes(column.data_type()) {
        return Ok(column.clone());
    }
    let small: Vec<bool> = (0..column.len()).map(|row| value_bytes(column, row) <= most).collect();
    if !small.contains(&false) {
        return Ok(column.clone());
    }
    let rows = (0u64..).zip(&small).map(|(row, small)| small.then_some(row)).collect::<UInt64Array>();
    let left = arrow_select::take::take(column, &rows, None).map_err(bug)?;
    compact::compact(&left, Copies::Needed)
}

/// Bytes of one value.
fn value_bytes(column: &ArrayRef, row: usize) -> u64 {
    if column.is_null(row) {
        return 0;
    }
    let length = match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value_length(row) as usize,
        DataType::LargeUtf8 => column.as_string::<i64>().value_length(row) as usize,
        DataType::Utf8View => column.as_string_view().value(row).len(),
        DataType::Binary => column.as_binary::<i32>().value_length(row) as usize,
        DataType::LargeBinary => column.as_binary::<i64>().value_length(row) as usize,
        DataType::BinaryView => column.as_binary_view().value(row).len(),
        DataType::FixedSizeBinary(n) => *n as usize,
        DataType::List(_) => return compact::bytes(&*column.as_list::<i32>().value(row)),
        DataType::LargeList(_) => return compact::bytes(&*column.as_list::<i64>().value(row)),
        DataType::ListView(_) => return compact::bytes(&*column.as_list_view::<i32>().value(row)),
        DataType::LargeListView(_) => return compact::bytes(&*column.as_list_view::<i64>().value(row)),
        DataType::FixedSizeList(..) => return compact::bytes(&*column.as_fixed_size_list().value(row)),
        DataType::Map(..) => return compact::bytes(&column.as_map().value(row)),
        _ => 0,
    };
    length as u64
}
