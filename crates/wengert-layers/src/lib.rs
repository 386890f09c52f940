//! Sigmoid multilayer perceptrons built from the nodes of a Wengert tape
