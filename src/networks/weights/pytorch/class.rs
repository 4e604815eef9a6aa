//! The names that a pickle of tensors needs, and those that only an attack does.

use super::super::element::Element;

/// A name of a pickle that means something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Ordered or not.
    Dict,
    RebuildTensor,
    /// Gives its first argument: a parameter's tensor, a value with its type.
    FirstArgument,
    /// (function, type, arguments, state)
    FromType,
    /// `torch.Size`
    Tuple,
    /// Of tensors without a storage of plain numbers.
    OtherTensor(Element),
    /// `Element::Unknown` for one of bytes.
    Storage(Element),
    Dtype(Element),
    Unknown,
}

impl Class {
    pub(super) fn of(module: &str, name: &str) -> Self {
        match (module, name) {
            ("collections", "OrderedDict" | "defaultdict") | ("builtins" | "__builtin__", "dict") => Self::Dict,
            ("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor" | "_rebuild_tensor_v3") => Self::RebuildTensor,
            ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state")
            | ("torch.jit._pickle", "restore_type_tag") => Self::FirstArgument,
            ("torch._tensor", "_rebuild_from_type" | "_rebuild_from_type_v2") => Self::FromType,
            ("torch", "Size") => Self::Tuple,
            ("torch._utils", "_rebuild_qtensor") => Self::OtherTensor(Element::Quantised(1)),
            ("torch._utils", "_rebuild_sparse_tensor" | "_rebuild_sparse_csr_tensor") => {
                Self::OtherTensor(Element::Sparse)
            }
            ("torch._utils", "_rebuild_meta_tensor_no_storage") => Self::OtherTensor(Element::Absent),
            ("torch._utils", name) if name.starts_with("_rebuild_") && name.contains("tensor") => {
                Self::OtherTensor(Element::Unknown)
            }
            ("torch" | "torch.storage" | "torch.cuda", name) => match name.strip_suffix("Storage") {
                Some(storage) => Self::storage(storage),
                None => dtype(name).map_or(Self::Unknown, Self::Dtype),
            },
            _ => Self::Unknown,
        }
    }

    fn storage(kind: &str) -> Self {
        let element = match kind {
            "Double" => Element::F64,
            "Float" => Element::F32,
            "Half" => Element::F16,
            "BFloat16" => Element::BF16,
            "Long" => Element::I64,
            "Int" => Element::I32,
            "Short" => Element::I16,
            "Char" => Element::I8,
            "Byte" => Element::U8,
            "Bool" => Element::Bool,
            "ComplexFloat" => Element::Complex(8),
            "ComplexDouble" => Element::Complex(16),
            "QInt8" | "QUInt8" | "QUInt4x2" | "QUInt2x4" => Element::Quantised(1),
            "QInt32" => Element::Quantised(4),
            "Untyped" | "_Untyped" => Element::Unknown,
            _ => return Self::Unknown,
        };
        Self::Storage(element)
    }
}

fn dtype(name: &str) -> Option<Element> {
    Some(match name {
        "float64" | "double" => Element::F64,
        "float32" | "float" => Element::F32,
        "float16" | "half" => Element::F16,
        "bfloat16" => Element::BF16,
        "int64" | "long" | "uint64" => Element::I64,
        "int32" | "int" | "uint32" => Element::I32,
        "int16" | "short" | "uint16" => Element::I16,
        "int8" => Element::I8,
        "uint8" => Element::U8,
        "bool" => Element::Bool,
        "complex32" => Element::Complex(4),
        "complex64" => Element::Complex(8),
        "complex128" => Element::Complex(16),
        name if name.starts_with("float8") => Element::F8,
        _ => return None,
    })
}

/// Whether no checkpoint has a reason to name this: it starts programs, runs text, or reaches for files and connections.
pub(super) fn is_an_attack(module: &str, name: &str) -> bool {
    const MODULES: [&str; 27] = [
        "os",
        "posix",
        "nt",
        "subprocess",
        "sys",
        "pty",
        "socket",
        "shutil",
        "ctypes",
        "importlib",
        "runpy",
        "webbrowser",
        "pip",
        "code",
        "codeop",
        "commands",
        "popen2",
        "multiprocessing",
        "http",
        "urllib",
        "urllib2",
        "requests",
        "ftplib",
        "smtplib",
        "asyncio",
        "bdb",
        "pdb",
    ];
    const BUILTINS: [&str; 9] =
        ["eval", "exec", "execfile", "compile", "__import__", "open", "file", "input", "breakpoint"];
    let root = module.split('.').next().unwrap_or_default();
    let runs_text = matches!(root, "builtins" | "__builtin__") && BUILTINS.contains(&name);
    let reads_code = matches!(root, "torch" | "pickle" | "_pickle" | "cPickle" | "dill" | "joblib" | "marshal")
        && matches!(name.rsplit('.').next(), Some("load" | "loads" | "load_url" | "load_state_dict_from_url"));
    MODULES.contains(&root) || runs_text || reads_code
}
