//! How right answers are.

use std::fmt;

/// The share of answers that are right; NaN of none.
///
/// # Panics
///
/// If there are not as many answers as truths.
#[must_use]
#[track_caller]
pub fn accuracy(truth: &[usize], answers: &[usize]) -> f64 {
    assert_eq!(truth.len(), answers.len(), "one answer for each row");
    let right = truth.iter().zip(answers).filter(|(truth, answer)| truth == answer).count();
    right as f64 / truth.len() as f64
}

/// How often a row of one class (down) was taken for one of another (across).
///
/// # Examples
///
/// ```
/// use wengert_layers::nn::Confusion;
///
/// let confusion = Confusion::of(&[0, 0, 1, 1, 1], &[0, 1, 1, 1, 0], &["no", "yes"]);
/// assert_eq!(confusion.count(1, 0), 1); // a yes taken for a no
/// assert_eq!((confusion.precision(1), confusion.recall(1)), (2.0 / 3.0, 2.0 / 3.0));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    names: Vec<String>,
    counts: Vec<usize>,
}

impl Confusion {
    /// Of the classes of some rows, and what they were taken for.
    ///
    /// # Panics
    ///
    /// If there are not as many answers as truths, or one is none of the classes.
    #[must_use]
    #[track_caller]
    pub fn of(truth: &[usize], answers: &[usize], names: &[impl AsRef<str>]) -> Self {
        assert_eq!(truth.len(), answers.len(), "one answer for each row");
        let mut counts = vec![0; names.len() * names.len()];
        for (&truth, &answer) in truth.iter().zip(answers) {
            assert!(truth.max(answer) < names.len(), "there are {} classes", names.len());
            counts[truth * names.len() + answer] += 1;
        }
        Confusion { names: names.iter().map(|name| name.as_ref().to_owned()).collect(), counts }
    }

    /// How many rows of a class were taken for another, or for itself.
    ///
    /// # Panics
    ///
    /// If there is no such class.
    #[must_use]
    #[track_caller]
    pub fn count(&self, truth: usize, answer: usize) -> usize {
        self.counts[truth * self.names.len() + answer]
    }

    /// Of what was taken for a class, the share that is of it; NaN if nothing was.
    ///
    /// # Panics
    ///
    /// If there is no such class.
    #[must_use]
    #[track_caller]
    pub fn precision(&self, class: usize) -> f64 {
        let taken: usize = (0..self.names.len()).map(|truth| self.count(truth, class)).sum();
        self.count(class, class) as f64 / taken as f64
    }

    /// Of what is of a class, the share that was found; NaN if nothing is.
    ///
    /// # Panics
    ///
    /// If there is no such class.
    #[must_use]
    #[track_caller]
    pub fn recall(&self, class: usize) -> f64 {
        let there: usize = (0..self.names.len()).map(|answer| self.count(class, answer)).sum();
        self.count(class, class) as f64 / there as f64
    }

    /// The harmonic mean of precision and recall: `2 right / (taken + there)`.
    ///
    /// # Panics
    ///
    /// If there is no such class.
    #[must_use]
    #[track_caller]
    pub fn f1(&self, class: usize) -> f64 {
        let n = self.names.len();
        let taken: usize = (0..n).map(|truth| self.count(truth, class)).sum();
        let there: usize = (0..n).map(|answer| self.count(class, answer)).sum();
        2.0 * self.count(class, class) as f64 / (taken + there) as f64
    }
}

/// The matrix, with precision, recall and F1 of each class.
impl fmt::Display for Confusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = self.names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(5);
        write!(f, "{:longest$}", "")?;
        for name in &self.names {
            write!(f, " {name:>longest$}")?;
        }
        write!(f, "  precision recall     f1")?;
        for (truth, name) in self.names.iter().enumerate() {
            write!(f, "\n{name:>longest$}")?;
            for answer in 0..self.names.len() {
                write!(f, " {:>longest$}", self.count(truth, answer))?;
            }
            let (precision, recall) = (self.precision(truth), self.recall(truth));
            write!(f, "  {precision:>9.4} {recall:>6.4} {:>6.4}", self.f1(truth))?;
        }
        Ok(())
    }
}

/// The area under the ROC curve: the chance that a positive row has a higher score than a negative
/// one, equal scores counting half (Hanley and McNeil 1982). NaN if there are not both.
///
/// # Panics
///
/// If there are not as many scores as rows.
#[must_use]
#[track_caller]
pub fn roc_auc(scores: &[f64], positive: &[bool]) -> f64 {
    assert_eq!(scores.len(), positive.len(), "one score for each row");
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let positives = positive.iter().filter(|&&positive| positive).count();
    let negatives = positive.len() - positives;
    // The sum of the positives' ranks, equal scores sharing theirs.
    let (mut ranks, mut start) = (0.0, 0);
    while start < order.len() {
        let equal =
            order[start..].iter().take_while(|&&i| scores[i] == scores[order[start]]).count();
        let equal = equal.max(1);
        let rank = start as f64 + (equal as f64 + 1.0) / 2.0;
        ranks += rank * order[start..start + equal].iter().filter(|&&i| positive[i]).count() as f64;
        start += equal;
    }
    let (p, n) = (positives as f64, negatives as f64);
    (ranks - p * (p + 1.0) / 2.0) / (p * n)
}

/// `1 − Σ (y − ŷ)² / Σ (y − mean of y)²`: 1 where every answer is right, 0 of the mean. NaN or −∞
/// if the truth never changes.
///
/// # Panics
///
/// If there are not as many answers as truths.
#[must_use]
#[track_caller]
pub fn r_squared(truth: &[f64], answers: &[f64]) -> f64 {
    assert_eq!(truth.len(), answers.len(), "one answer for each row");
    let mean = truth.iter().sum::<f64>() / truth.len() as f64;
    let residual: f64 =
        truth.iter().zip(answers).map(|(y, answer)| (y - answer) * (y - answer)).sum();
    let total: f64 = truth.iter().map(|y| (y - mean) * (y - mean)).sum();
    1.0 - residual / total
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By scikit-learn's definitions, worked out on paper.
    #[test]
    fn measures_are_those_of_their_definitions() {
        let confusion = Confusion::of(&[0, 1, 2, 2, 1, 0], &[0, 2, 2, 2, 1, 1], &["a", "b", "c"]);
        assert_eq!([0, 1, 2].map(|c| confusion.precision(c)), [1.0, 0.5, 2.0 / 3.0]);
        assert_eq!([0, 1, 2].map(|c| confusion.recall(c)), [0.5, 0.5, 1.0]);
        assert_eq!([0, 1, 2].map(|c| confusion.f1(c)), [2.0 / 3.0, 0.5, 0.8]);
        assert_eq!(accuracy(&[0, 1, 2, 2, 1, 0], &[0, 2, 2, 2, 1, 1]), 4.0 / 6.0);
        assert_eq!(roc_auc(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true]), 0.75);
        assert_eq!(roc_auc(&[1.0, 1.0, 1.0], &[true, false, true]), 0.5);
        assert!(roc_auc(&[1.0, 2.0], &[true, true]).is_nan());
        assert_eq!(r_squared(&[3.0, -0.5, 2.0, 7.0], &[2.5, 0.0, 2.0, 8.0]), 1.0 - 1.5 / 29.1875);
        let text = confusion.to_string();
        assert!(text.contains("    b     0     1     1     0.5000 0.5000 0.5000"), "{text}");
    }
}
