//! Layers made of layers.

use wengert::{Error, Scalar, Var};

use super::{Layer, Param, Pass, Spec};

/// One layer after another. Their parameters are called as PyTorch's `Sequential` calls them, by
/// the layer's place: `0.weight`, `0.bias`, `2.weight`.
#[derive(Debug)]
pub struct Sequential<S: Scalar = f64> {
    layers: Vec<(String, Box<dyn Layer<S>>)>,
}

impl<S: Scalar> Default for Sequential<S> {
    fn default() -> Self {
        Sequential { layers: Vec::new() }
    }
}

impl<S: Scalar> Sequential<S> {
    /// None yet: what goes in comes out.
    #[must_use]
    pub fn new() -> Self {
        Sequential::default()
    }

    /// One more.
    #[must_use]
    pub fn then(self, layer: impl Layer<S> + 'static) -> Self {
        let place = self.layers.len().to_string();
        self.named(&place, layer)
    }

    /// One more, under a name instead of its place.
    #[must_use]
    pub fn named(self, name: &str, layer: impl Layer<S> + 'static) -> Self {
        self.boxed(name, Box::new(layer))
    }

    pub(super) fn boxed(mut self, name: &str, layer: Box<dyn Layer<S>>) -> Self {
        self.layers.push((name.to_owned(), layer));
        self
    }
}

/// The parameters of a layer within another, under its name; shared ones keep theirs.
fn within(name: &str, params: Vec<Param>) -> impl Iterator<Item = Param> {
    params.into_iter().map(move |param| match param.shared {
        true => param,
        false => Param { name: format!("{name}.{}", param.name), ..param },
    })
}

impl<S: Scalar> Layer<S> for Sequential<S> {
    fn params(&self) -> Vec<Param> {
        self.layers.iter().flat_map(|(name, layer)| within(name, layer.params())).collect()
    }

    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, S>, pass: &Pass<'_, 't, S>) -> Result<Var<'t, S>, Error> {
        let mut x = x;
        for (name, layer) in &self.layers {
            let _scope = pass.tape().scope(name);
            x = layer.forward(x, &pass.inside(name))?;
        }
        Ok(x)
    }

    fn spec(&self) -> Option<Spec> {
        let specs = self.layers.iter().map(|(name, layer)| Some((name.clone(), layer.spec()?)));
        Some(Spec::Sequential(specs.collect::<Option<_>>()?))
    }
}

/// `x + f(x)`, f being another layer (He and others 2016). Its parameters keep their names.
#[derive(Debug)]
pub struct Residual<S: Scalar = f64>(Box<dyn Layer<S>>);

impl<S: Scalar> Residual<S> {
    /// Around a layer that keeps the shape.
    #[must_use]
    pub fn new(layer: impl Layer<S> + 'static) -> Self {
        Residual(Box::new(layer))
    }

    pub(super) fn boxed(layer: Box<dyn Layer<S>>) -> Self {
        Residual(layer)
    }
}

impl<S: Scalar> Layer<S> for Residual<S> {
    fn params(&self) -> Vec<Param> {
        self.0.params()
    }

    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, S>, pass: &Pass<'_, 't, S>) -> Result<Var<'t, S>, Error> {
        let more = self.0.forward(x, pass)?;
        if more.shape() != x.shape() {
            return Err(x.shapes_error(
                "residual",
                more,
                "what is added has the shape of the input",
            ));
        }
        x.try_add(more)
    }

    fn spec(&self) -> Option<Spec> {
        Some(Spec::Residual(Box::new(self.0.spec()?)))
    }
}
