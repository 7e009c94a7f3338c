//! Normal equations of a few unknowns.

/// Least squares of `rows` (coefficients and observed value): unknowns and their cofactor matrix. `None` when the
/// points do not determine them.
pub(super) fn least_squares<const N: usize>(rows: &[([f64; N], f64)]) -> Option<([f64; N], [[f64; N]; N])> {
    // Columns are brought to one size, so that metres and radians weigh alike in the elimination.
    let mut size = [0.0f64; N];
    for (c, _) in rows {
        for (s, c) in size.iter_mut().zip(c) {
            *s += c * c;
        }
    }
    let size = size.map(f64::sqrt);
    if size.iter().any(|s| *s == 0.0 || !s.is_finite()) {
        return None;
    }
    let mut normal = [[0.0; N]; N];
    let mut right = [0.0; N];
    for (c, v) in rows {
        for i in 0..N {
            let ci = c[i] / size[i];
            right[i] += ci * v;
            for j in 0..N {
                normal[i][j] += ci * c[j] / size[j];
            }
        }
    }
    let inverse = invert(normal)?;
    let mut unknowns = [0.0; N];
    let mut cofactors = [[0.0; N]; N];
    for i in 0..N {
        unknowns[i] = (0..N).map(|j| inverse[i][j] * right[j]).sum::<f64>() / size[i];
        for j in 0..N {
            cofactors[i][j] = inverse[i][j] / size[i] / size[j];
        }
    }
    Some((unknowns, cofactors))
}

/// Gauss–Jordan with pivoting; `None` when the matrix is (nearly) singular.
fn invert<const N: usize>(mut a: [[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let mut inverse = [[0.0; N]; N];
    (0..N).for_each(|i| inverse[i][i] = 1.0);
    for k in 0..N {
        let pivot = (k..N).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs()))?;
        if a[pivot][k].abs() < 1e-13 {
            return None;
        }
        a.swap(k, pivot);
        inverse.swap(k, pivot);
        let d = a[k][k];
        for j in 0..N {
            a[k][j] /= d;
            inverse[k][j] /= d;
        }
        for i in (0..N).filter(|i| *i != k) {
            let f = a[i][k];
            for j in 0..N {
                a[i][j] -= f * a[k][j];
                inverse[i][j] -= f * inverse[k][j];
            }
        }
    }
    Some(inverse)
}
