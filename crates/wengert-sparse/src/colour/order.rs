//! The order in which a greedy colouring goes through its vertices.

/// The order in which a greedy colouring goes through its vertices. Which one gives the fewest
/// colours depends on the pattern; none does always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As they are numbered. The fewest colours on a band.
    #[default]
    Natural,
    /// The vertices with most neighbours first (Welsh and Powell, 1967).
    LargestFirst,
    /// Last the vertex with the fewest neighbours, before it the one with the fewest among the
    /// others, and so on (Matula, Marble and Isaacson, 1972): at most one colour more than the
    /// largest smallest degree of a subgraph.
    SmallestLast,
}

impl Order {
    /// All vertices in this order, equal ones as they are numbered. `neighbours` calls back for
    /// every neighbour of a vertex, each once.
    pub(super) fn of(
        self,
        count: usize,
        mut neighbours: impl FnMut(usize, &mut dyn FnMut(usize)),
    ) -> Vec<usize> {
        if self == Order::Natural {
            return (0..count).collect();
        }
        let mut degrees = vec![0; count];
        for (vertex, degree) in degrees.iter_mut().enumerate() {
            neighbours(vertex, &mut |_| *degree += 1);
        }
        if self == Order::LargestFirst {
            let mut order: Vec<usize> = (0..count).collect();
            order.sort_by_key(|&vertex| std::cmp::Reverse(degrees[vertex]));
            return order;
        }
        smallest_last(degrees, neighbours)
    }
}

fn smallest_last(
    mut degrees: Vec<usize>,
    mut neighbours: impl FnMut(usize, &mut dyn FnMut(usize)),
) -> Vec<usize> {
    let count = degrees.len();
    // By degree, what has it or had it once; a vertex that has moved on is passed over.
    let mut buckets = vec![Vec::new(); degrees.iter().max().map_or(0, |most| most + 1)];
    for vertex in (0..count).rev() {
        buckets[degrees[vertex]].push(vertex);
    }
    let (mut order, mut taken, mut least) = (Vec::with_capacity(count), vec![false; count], 0);
    while order.len() < count {
        let Some(vertex) = buckets[least].pop() else {
            least += 1;
            continue;
        };
        if taken[vertex] || degrees[vertex] != least {
            continue;
        }
        taken[vertex] = true;
        order.push(vertex);
        neighbours(vertex, &mut |other| {
            if !taken[other] {
                degrees[other] -= 1;
                buckets[degrees[other]].push(other);
            }
        });
        least = least.saturating_sub(1);
    }
    order.reverse();
    order
}
