"""Fake scales on the tables of the fake catalogue."""

from dataclasses import replace

from circles.domain.counting.scales import Reference, Scale, find_warnings
from circles.domain.detections import touches_edge
from circles.domain.errors import NotFound, NotPossible
from circles.domain.identifiers import new_id
from tests.unit.fakes.faults import Faults


class FakeScales(Faults):
    port = "scales"

    def __init__(self, tables, journal=None):
        super().__init__(journal)
        self.tables = tables

    def set_for_image(self, image_id, wanted, *, now, announce):
        self.reach("set_for_image")
        image = self.tables.image(image_id)
        scale = self._describe(wanted, now, lambda other: other.image_id == image_id)
        if self._is_same(scale, self.tables.scales.get(image.scale_id)):
            return image
        self.tables.tell(replace(image, scale_id=scale.scale_id, scale=scale), announce)
        self.tables.scales.pop(image.scale_id, None)
        self.tables.scales[scale.scale_id] = scale
        self._set(image_id, scale.scale_id)
        return self.tables.image(image_id)

    def remove_from_image(self, image_id, *, announce):
        self.reach("remove_from_image")
        image = self.tables.image(image_id)
        if image.scale_id is None:
            return image
        del self.tables.scales[image.scale_id]
        self._set(image_id, None)
        return self.tables.tell(self.tables.image(image_id), announce)

    def set_for_batch(self, batch, wanted, *, now, announce):
        self.reach("set_for_batch")
        self._check(batch)
        scale = self._describe(wanted, now, lambda other: other.batch == batch)
        scale = replace(scale, batch=batch)
        before = self._of_batch(batch)
        if self._is_same(scale, before):
            return self.tables.show_scale(before)
        self.tables.queue(announce(batch, scale))
        self.tables.scales.pop(before and before.scale_id, None)
        self.tables.scales[scale.scale_id] = scale
        return self.tables.show_scale(scale)

    def remove_from_batch(self, batch, *, announce):
        self.reach("remove_from_batch")
        self._check(batch)
        if before := self._of_batch(batch):
            self.tables.queue(announce(batch, None))
            del self.tables.scales[before.scale_id]

    def close(self):
        pass

    def _check(self, batch):
        if all(image.batch != batch for image in self.tables.images.values()):
            raise NotFound("No image has this batch.")

    def _of_batch(self, batch):
        found = [scale for scale in self.tables.scales.values() if scale.batch == batch]
        return found[0] if found else None

    def _set(self, image_id, scale_id):
        self.tables.images[image_id] = replace(self.tables.images[image_id], scale_id=scale_id)

    def _is_same(self, new, old):
        if old is None:
            return False
        facts = [
            each.reference and (each.reference.origin_id, each.reference.diameter_mm,
                                each.reference.radius_px, each.reference.centroid)
            for each in (new, old)
        ]  # fmt: skip
        return new.mm_per_px == old.mm_per_px and facts[0] == facts[1]

    def _describe(self, wanted, now, belongs):
        if wanted.object_id is None:
            return Scale(new_id(), wanted.mm_per_px, now, wanted.created_by)
        image, found = self._marked(wanted.object_id)
        if image is None or not belongs(image):
            raise NotPossible("The object is not one of the run that is served now.")
        circle = found.circle
        edge = touches_edge(circle.bbox, image.width, image.height)
        reference = Reference(
            image.image_id,
            found.object_id,
            found.origin_id,
            wanted.diameter_mm,
            circle.radius_px,
            circle.centroid,
            find_warnings(circle.bbox, edge=edge),
        )
        mm_per_px = wanted.diameter_mm / (2 * circle.radius_px)
        return Scale(new_id(), mm_per_px, now, wanted.created_by, reference=reference)

    def _marked(self, object_id):
        for image_id, runs in self.tables.runs.items():
            for held in runs:
                for each in held.objects:
                    if each.object_id == object_id:
                        return self._served(self.tables.images[image_id], each.origin_id)
        return None, None

    def _served(self, image, origin_id):
        for each in self.tables.run(image.image_id, image.detection_id).objects:
            if each.origin_id == origin_id:
                return image, each
        return None, None
