//! The header says what the library does: every declaration, as clang reads it, is a definition in `src/capi` with
//! the same signature and a symbol of the built library, and the other way round; constants and structs agree.

#![allow(clippy::disallowed_methods)]

use quote::ToTokens;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use syn::{Attribute, Fields, Item, Type};

/// What one side knows: functions by name with their signature, constants with their value, structs with fields.
#[derive(Default)]
struct Interface {
    functions: BTreeMap<String, String>,
    constants: BTreeMap<String, i128>,
    structs: BTreeMap<String, Vec<String>>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn header() -> Interface {
    let bindings = bindgen::Builder::default()
        .header(root().join("include/plattli.h").to_str().unwrap())
        .clang_args(["-std=c11", "-Wall", "-Wextra", "-Werror"])
        .allowlist_item("plattli_.*|PLATTLI_.*")
        .layout_tests(false)
        .generate()
        .unwrap_or_else(|error| {
            panic!("clang cannot read the header: {error}\n(Debian: apt install libclang-dev)")
        });
    let mut interface = Interface::default();
    for item in syn::parse_file(&bindings.to_string()).unwrap().items {
        match item {
            Item::ForeignMod(block) => {
                for item in block.items {
                    let syn::ForeignItem::Fn(function) = item else { panic!("not a function: {item:?}") };
                    let (name, signature) = described(&function.sig);
                    interface.functions.insert(name, signature);
                }
            }
            other => interface.take(other),
        }
    }
    interface
}

fn sources() -> Interface {
    let mut interface = Interface::default();
    let mut folders = vec![root().join("src/capi")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                syn::parse_file(&text).unwrap().items.into_iter().for_each(|item| interface.take(item));
            }
        }
    }
    interface
}

impl Interface {
    fn take(&mut self, item: Item) {
        match item {
            Item::Fn(function) if has(&function.attrs, "no_mangle") => {
                assert_eq!(function.sig.abi.as_ref().map(tokens).as_deref(), Some("extern \"C\""));
                let (name, signature) = described(&function.sig);
                self.functions.insert(name, signature);
            }
            Item::Const(constant) if constant.ident.to_string().starts_with("PLATTLI_") => {
                let value = tokens(&constant.expr).replace([' ', '_'], "");
                let value = match value.strip_prefix("0x") {
                    Some(hex) => i128::from_str_radix(hex, 16),
                    None => value.parse(),
                };
                // Beyond a signed number of 64 bits bindgen writes what it looks like as one.
                let value = value.unwrap();
                let value = if value > i128::from(i64::MAX) { value - (1 << 64) } else { value };
                self.constants.insert(constant.ident.to_string(), value);
            }
            Item::Struct(layout)
                if has(&layout.attrs, "repr") && layout.ident.to_string().starts_with("plattli_") =>
            {
                let Fields::Named(fields) = &layout.fields else { return };
                // An opaque type, as bindgen writes it.
                if fields.named.iter().any(|field| tokens(&field.ident).contains("_unused")) {
                    return;
                }
                let fields = fields.named.iter().map(|f| format!("{}: {}", tokens(&f.ident), spelled(&f.ty)));
                self.structs.insert(layout.ident.to_string(), fields.collect());
            }
            _ => {}
        }
    }
}

fn has(attributes: &[Attribute], name: &str) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident(name))
}

fn tokens(item: &impl ToTokens) -> String {
    item.to_token_stream().to_string()
}

/// A type without the path it is reached by, which differs between the two sides.
fn spelled(ty: &Type) -> String {
    match ty {
        Type::Path(path) => path.path.segments.last().unwrap().ident.to_string(),
        Type::Ptr(pointer) => {
            let kind = if matches!(pointer.mutability, syn::PointerMutability::Const(_)) {
                "*const"
            } else {
                "*mut"
            };
            format!("{kind} {}", spelled(&pointer.elem))
        }
        Type::Array(array) => {
            format!("[{}; {}]", spelled(&array.elem), tokens(&array.len).trim_end_matches("usize"))
        }
        other => tokens(other),
    }
}

/// A name that is a word of Rust is written in another way by each side.
fn parameter(name: &syn::Pat) -> String {
    let name = tokens(name);
    name.trim_start_matches("r#").trim_end_matches('_').to_string()
}

fn described(signature: &syn::Signature) -> (String, String) {
    let parameters: Vec<String> = signature
        .inputs
        .iter()
        .map(|input| match input {
            syn::FnArg::Typed(typed) => format!("{}: {}", parameter(&typed.pat), spelled(&typed.ty)),
            syn::FnArg::Receiver(_) => panic!("a method cannot be exported"),
        })
        .collect();
    let returned = match &signature.output {
        syn::ReturnType::Default => "()".to_string(),
        syn::ReturnType::Type(_, ty) => spelled(ty),
    };
    (signature.ident.to_string(), format!("({}) -> {returned}", parameters.join(", ")))
}

/// Defined dynamic symbols of the library that was built for this test.
fn exports() -> Vec<String> {
    let library = std::env::current_exe().unwrap().with_file_name("libplattli.so");
    let listed =
        Command::new("nm").args(["-D", "--defined-only", "--format=just-symbols"]).arg(&library).output();
    let listed = listed.expect("nm (Debian: apt install binutils)");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    String::from_utf8(listed.stdout).unwrap().lines().map(str::to_string).collect()
}

#[test]
fn every_declaration_is_a_definition_with_the_same_signature_and_the_other_way_round() {
    assert_eq!(header().functions, sources().functions);
}

#[test]
fn every_declaration_is_an_exported_symbol_and_the_other_way_round() {
    let declared: Vec<String> = header().functions.into_keys().collect();
    let mut exported = exports();
    exported.sort();
    assert_eq!(declared, exported);
    assert!(declared.len() > 50, "only {} functions were found", declared.len());
}

#[test]
fn constants_have_the_same_value_on_both_sides() {
    let (header, sources) = (header().constants, sources().constants);
    assert_eq!(header, sources);
    assert_eq!(header["PLATTLI_ERR_INTERNAL"], 13);
}

#[test]
fn structs_have_the_same_fields_on_both_sides() {
    let (header, sources) = (header().structs, sources().structs);
    assert_eq!(header, sources);
    assert!(header["plattli_writer_stats"].first().is_some_and(|field| field == "size: usize"));
}
