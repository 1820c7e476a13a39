//! Products of bytes, by the instructions that processors have for them: Intel's since 2019 (AVX512-VNNI) or 2021
//! (AVX-VNNI), AMD's since 2022 or 2024.

use super::shortlist::Screen;

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    _CMP_GE_OQ, _mm256_cmp_ps, _mm256_cvtepi32_ps, _mm256_dpbusd_avx_epi32, _mm256_movemask_ps,
    _mm256_set1_epi32, _mm512_cmp_ps_mask, _mm512_cvtepi32_ps, _mm512_dpbusd_epi32,
    _mm512_set1_epi32,
};

#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};
#[cfg(target_arch = "x86_64")]
use pulp::{cast, f32x8, f32x16, i32x8, i32x16};

/// An instruction that adds the products of four bytes with four others to each of some sums. It is there if this is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bytes {
    /// To sixteen sums.
    #[cfg(target_arch = "x86_64")]
    Avx512(V4),
    /// To eight.
    #[cfg(target_arch = "x86_64")]
    Avx2(V3),
}

impl Bytes {
    /// The instructions of this processor, the widest first.
    pub(super) fn of_processor() -> Vec<Self> {
        let mut found = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if std::is_x86_feature_detected!("avx512vnni") {
                found.extend(V4::try_new().map(Self::Avx512));
            }
            if std::is_x86_feature_detected!("avxvnni") {
                found.extend(V3::try_new().map(Self::Avx2));
            }
        }
        found
    }

    /// Sums of a register.
    pub(super) fn lanes(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => 16,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => 8,
        }
    }

    /// Registers of vectors that are compared with four codes at once: with these they fill the processor's.
    pub(super) fn widest(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => 6,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => 2,
        }
    }

    /// Fills the candidates of so many registers of vectors, of the widest block at most; false where there are too many.
    #[cfg_attr(
        target_arch = "x86_64",
        expect(unsafe_code, reason = "nothing else calls a function of other instructions")
    )]
    pub(super) fn screen(self, screen: &mut Screen<'_>, registers: usize) -> bool {
        match self {
            // SAFETY: these are only made where the processor has the instructions.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd) => unsafe { avx512(simd, screen, registers) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd) => unsafe { avx2(simd, screen, registers) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512bw,avx512cd,avx512dq,avx512vl,avx512vnni")]
fn avx512(simd: V4, screen: &mut Screen<'_>, registers: usize) -> bool {
    let dot = |sums: i32x16, words: i32x16, code| -> i32x16 {
        cast(_mm512_dpbusd_epi32(cast(sums), cast(words), _mm512_set1_epi32(code)))
    };
    let float = |sums: i32x16| -> f32x16 { cast(_mm512_cvtepi32_ps(cast(sums))) };
    let reaches = |values: f32x16, limits: f32x16| {
        u32::from(_mm512_cmp_ps_mask::<_CMP_GE_OQ>(cast(values), cast(limits)))
    };
    match registers {
        6 => screen.of::<V4, 6>(simd, dot, float, reaches),
        5 => screen.of::<V4, 5>(simd, dot, float, reaches),
        4 => screen.of::<V4, 4>(simd, dot, float, reaches),
        3 => screen.of::<V4, 3>(simd, dot, float, reaches),
        2 => screen.of::<V4, 2>(simd, dot, float, reaches),
        _ => screen.of::<V4, 1>(simd, dot, float, reaches),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avxvnni")]
fn avx2(simd: V3, screen: &mut Screen<'_>, registers: usize) -> bool {
    let dot = |sums: i32x8, words: i32x8, code| -> i32x8 {
        cast(_mm256_dpbusd_avx_epi32(cast(sums), cast(words), _mm256_set1_epi32(code)))
    };
    let float = |sums: i32x8| -> f32x8 { cast(_mm256_cvtepi32_ps(cast(sums))) };
    let reaches = |values: f32x8, limits: f32x8| {
        _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GE_OQ>(cast(values), cast(limits))).cast_unsigned()
    };
    match registers {
        2 => screen.of::<V3, 2>(simd, dot, float, reaches),
        _ => screen.of::<V3, 1>(simd, dot, float, reaches),
    }
}
