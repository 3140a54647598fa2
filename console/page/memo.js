import { Component, h } from 'preact';

/** Return a component that renders again only if a property is another. */
export function memo(render) {
  return class extends Component {
    shouldComponentUpdate(next) {
      const names = Object.keys(next);
      return (
        names.length !== Object.keys(this.props).length ||
        names.some((name) => next[name] !== this.props[name])
      );
    }

    render() {
      return h(render, this.props);
    }
  };
}
