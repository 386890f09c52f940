//! Compile options, as the bytes of their protobuf.

/// `CompileOptionsProto { executable_build_options: { num_replicas: 1, num_partitions, .. } }`, for
/// more than one partition with `use_spmd_partitioning` and `use_shardy_partitioner`.
pub(crate) fn compile_options(partitions: usize) -> Vec<u8> {
    // A field is its number times 8, plus 0 for a number and 2 for bytes.
    let mut build = vec![0x20, 1, 0x28];
    varint(partitions as u64, &mut build);
    if partitions > 1 {
        build.extend([0x30, 1]);
        varint(19 * 8, &mut build);
        build.push(1);
    }
    let mut all = vec![0x1a];
    varint(build.len() as u64, &mut all);
    all.extend(build);
    all
}

fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_a_protobuf() {
        assert_eq!(compile_options(1), [0x1a, 4, 0x20, 1, 0x28, 1]);
        assert_eq!(compile_options(4), [0x1a, 9, 0x20, 1, 0x28, 4, 0x30, 1, 0x98, 1, 1]);
        assert_eq!(compile_options(300)[..8], [0x1a, 10, 0x20, 1, 0x28, 0xac, 2, 0x30]);
    }
}
