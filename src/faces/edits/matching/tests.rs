use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::faces::edits::RelativeRect;
use crate::types::Landmarks;

const SAME: SquaredDistance = SquaredDistance(0.8);

/// An old picture with faces, an edit, and what a detector finds afterwards.
struct Planted {
    old: Vec<KnownFace>,
    new: Vec<FoundFace>,
    sizes: Sizes,
    edit: Edit,
    /// For each old face the new one that it is.
    truth: Vec<Option<usize>>,
    rng: ChaCha8Rng,
}

impl Planted {
    /// Faces in the cells of a 3 × 3 grid, all of which are found wherever the crop leaves nine tenths of them.
    fn new(seed: u64, orientation: Orientation, cropped: bool) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let old_size = (rng.random_range(600..4000), rng.random_range(600..4000));
        let share = |rng: &mut ChaCha8Rng| if cropped { rng.random_range(0.4..0.9) } else { 1.0 };
        let (width, height) = (share(&mut rng), share(&mut rng));
        let (x, y) = ((1.0 - width) * rng.random_range(0.0..1.0), (1.0 - height) * rng.random_range(0.0..1.0_f32));
        let edit = Edit { orientation, crop: RelativeRect { x, y, width, height } };
        let scale: f32 = rng.random_range(0.3..1.2);
        let turned = orientation.turned_size(old_size);
        let new_side = |side: u32, share: f32| (side as f32 * share * scale).round() as u32;
        let sizes = Sizes { old: old_size, new: (new_side(turned.0, width), new_side(turned.1, height)) };
        let mut planted = Self { old: vec![], new: vec![], sizes, edit, truth: vec![], rng };
        for cell in 0..9 {
            if cell == 0 || planted.rng.random_range(0..3) > 0 {
                planted.add_face(cell);
            }
        }
        planted
    }

    fn add_face(&mut self, cell: u32) {
        let (cell_width, cell_height) = (self.sizes.old.0 as f32 / 3.0, self.sizes.old.1 as f32 / 3.0);
        let side = cell_width.min(cell_height) * self.rng.random_range(0.4..0.8);
        let face_box = FaceBox {
            x: (cell % 3) as f32 * cell_width + (cell_width - side) * self.rng.random_range(0.0..1.0),
            y: (cell / 3) as f32 * cell_height + (cell_height - side) * self.rng.random_range(0.0..1.0),
            width: side,
            height: side,
        };
        let person = self.person();
        let landmarks = Landmarks::template(side as u32, side as u32).0.map(|[x, y]| [x + face_box.x, y + face_box.y]);
        let detection = Detection { face_box, score: 0.9, landmarks: Landmarks(landmarks) };
        let known = KnownFace { detection, embedding: Some(person.clone()) };
        let place = self.edit.map_box(face_box, &self.sizes);
        let is_visible = visible(place, self.sizes.new).area() >= 0.9 * place.area();
        self.old.push(known);
        self.truth.push(is_visible.then_some(self.new.len()));
        if is_visible {
            let (face_box, embedding) = (self.near(place), Some(self.same_person(&person)));
            self.new.push(FoundFace { face_box, embedding, is_decided: false });
        }
    }

    fn person(&mut self) -> Embedding {
        Embedding::normalise((0..64).map(|_| self.rng.random_range(-1.0..1.0)).collect()).unwrap()
    }

    fn same_person(&mut self, person: &Embedding) -> Embedding {
        let values = person.as_slice().iter().map(|value| value + self.rng.random_range(-0.06..0.06));
        Embedding::normalise(values.collect()).unwrap()
    }

    /// As a detector finds it again.
    fn near(&mut self, place: FaceBox) -> FaceBox {
        let mut off = || place.width * self.rng.random_range(-0.06..0.06);
        FaceBox { x: place.x + off(), y: place.y + off(), width: place.width + off(), height: place.height + off() }
    }

    fn matches(&self) -> Vec<FaceMatch> {
        match_faces(&self.old, &self.new, &self.sizes, Some(&self.edit), SAME)
    }

    /// The new face of an old one.
    fn found(matches: &[FaceMatch], index: usize) -> Option<usize> {
        matches.iter().find_map(|found| match found {
            FaceMatch::Found { old, new } if *old == index => Some(*new),
            _ => None,
        })
    }
}

/// All turns, with and without a crop, some pictures of each.
fn plant(each: impl Fn(Planted)) {
    for orientation in Orientation::ALL {
        for cropped in [false, true] {
            for seed in 0..20 {
                each(Planted::new(seed, orientation, cropped));
            }
        }
    }
}

fn is_registered(matches: &[FaceMatch], index: usize) -> bool {
    matches.iter().any(|found| matches!(found, FaceMatch::Registered { old, .. } if *old == index))
}

#[test]
fn faces_are_found_again() {
    plant(|planted| {
        let matches = planted.matches();
        for (index, truth) in planted.truth.iter().enumerate() {
            assert_eq!(Planted::found(&matches, index), *truth);
        }
        let mut seen: Vec<_> = matches
            .iter()
            .filter_map(|found| match found {
                FaceMatch::Found { new, .. } => Some(*new),
                FaceMatch::Registered { .. } => None,
            })
            .collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), planted.truth.iter().flatten().count());
    });
}

#[test]
fn another_person_at_the_right_place_is_no_match() {
    plant(|mut planted| {
        for index in 0..planted.new.len() {
            planted.new[index].embedding = Some(planted.person());
        }
        let matches = planted.matches();
        for (index, truth) in planted.truth.iter().enumerate().filter(|(_, truth)| truth.is_some()) {
            assert_eq!(Planted::found(&matches, index), None, "{truth:?}");
            let other = planted.new[truth.unwrap()].embedding.as_ref();
            assert!(!planted.old[index].agrees(other, SAME), "somebody else is there, as an embedding says");
        }
    });
}

#[test]
fn the_right_person_at_another_place_is_no_match() {
    plant(|mut planted| {
        for face in &mut planted.new {
            face.face_box.x += 0.8 * face.face_box.width;
        }
        assert!(!planted.matches().iter().any(|found| matches!(found, FaceMatch::Found { .. })));
    });
}

#[test]
fn two_exchanged_people_are_no_match() {
    plant(|mut planted| {
        if planted.new.len() < 2 {
            return;
        }
        let first = planted.new[0].embedding.take();
        planted.new[0].embedding = std::mem::replace(&mut planted.new[1].embedding, first);
        let matches = planted.matches();
        for (index, truth) in planted.truth.iter().enumerate().filter(|(_, truth)| truth.is_some()) {
            let expected = truth.filter(|new| *new > 1);
            assert_eq!(Planted::found(&matches, index), expected);
        }
    });
}

#[test]
fn without_an_embedding_nothing_matches() {
    plant(|mut planted| {
        for face in &mut planted.old {
            face.embedding = None;
        }
        let matches = planted.matches();
        assert_eq!(matches, [], "and none is looked for that could not be told from another");
    });
    plant(|mut planted| {
        for face in &mut planted.new {
            face.embedding = None;
        }
        assert!(!planted.matches().iter().any(|found| matches!(found, FaceMatch::Found { .. })));
        assert_eq!(match_faces(&planted.old, &planted.new, &planted.sizes, None, SAME), []);
    });
}

#[test]
fn embeddings_of_another_length_are_no_match() {
    let mut planted = Planted::new(1, Orientation::Same, false);
    planted.new[0].embedding = Embedding::normalise(vec![1.0; 8]).ok();
    let old = planted.truth.iter().position(|truth| *truth == Some(0)).unwrap();
    assert_eq!(Planted::found(&planted.matches(), old), None);
}

#[test]
fn a_face_outside_of_the_crop_is_not_named() {
    plant(|planted| {
        let matches = planted.matches();
        for (index, known) in planted.old.iter().enumerate() {
            let place = planted.edit.map_box(known.detection.face_box, &planted.sizes);
            if visible(place, planted.sizes.new).area() < 0.5 * place.area() {
                assert!(Planted::found(&matches, index).is_none() && !is_registered(&matches, index));
            }
        }
    });
}

#[test]
fn a_face_that_nobody_found_is_registered() {
    plant(|mut planted| {
        if planted.new.is_empty() {
            return;
        }
        planted.new.remove(0);
        let lost = planted.truth.iter().position(|truth| *truth == Some(0)).unwrap();
        let matches = planted.matches();
        let registered = matches.iter().find_map(|found| match found {
            FaceMatch::Registered { old, place } if *old == lost => Some(*place),
            _ => None,
        });
        let place = registered.expect("the place is free");
        assert_eq!(place.face_box, planted.edit.map_box(planted.old[lost].detection.face_box, &planted.sizes));
        let [right_eye, left_eye, _, right_mouth, left_mouth] = place.landmarks.0;
        // Each eye is on the side of its corner of the mouth.
        let gap = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
        assert!(gap(right_eye, right_mouth) < gap(right_eye, left_mouth));
        assert!(gap(left_eye, left_mouth) < gap(left_eye, right_mouth));
    });
}

/// What a detector took for something else does not hinder; what was decided about, and a second box of the same face,
/// does.
#[test]
fn a_place_is_free_where_nobody_is_known() {
    plant(|planted| {
        let Some(lost) = planted.truth.iter().position(|truth| *truth == Some(0)) else { return };
        let place = planted.edit.map_box(planted.old[lost].detection.face_box, &planted.sizes);
        let with = |face_box, embedding, is_decided| {
            let mut new = planted.new.clone();
            new[0] = FoundFace { face_box, embedding, is_decided };
            is_registered(&match_faces(&planted.old, &new, &planted.sizes, Some(&planted.edit), SAME), lost)
        };
        let beside = FaceBox { x: place.x + 0.6 * place.width, ..place };
        let own = planted.old[lost].embedding.clone();
        let other = Embedding::normalise(own.as_ref().unwrap().as_slice().iter().map(|value| -value).collect()).ok();
        assert!(with(place, other.clone(), false) && with(place, None, false));
        assert!(!with(place, other, true), "somebody is known there");
        assert!(!with(beside, own, false), "that would be one face twice");
    });
}

#[test]
fn the_surest_face_comes_first_and_each_is_used_once() {
    let mut planted = Planted::new(3, Orientation::Same, false);
    planted.old.truncate(1);
    planted.new.truncate(1);
    // A second, shifted box of the same face in both pictures.
    let (mut known, mut found) = (planted.old[0].clone(), planted.new[0].clone());
    known.detection.face_box.x += 0.2 * known.detection.face_box.width;
    found.face_box = planted.edit.map_box(known.detection.face_box, &planted.sizes);
    planted.old.insert(0, known);
    planted.new.push(found);
    let pairs: Vec<_> = planted.matches();
    assert_eq!(pairs.len(), 2);
    assert!(
        pairs.contains(&FaceMatch::Found { old: 0, new: 1 }) && pairs.contains(&FaceMatch::Found { old: 1, new: 0 })
    );
}

#[test]
fn without_a_registration_the_faces_show_the_turn() {
    plant(|planted| {
        let whole = planted.edit.crop == RelativeRect::WHOLE;
        let matches = match_faces(&planted.old, &planted.new, &planted.sizes, None, SAME);
        for (index, truth) in planted.truth.iter().enumerate() {
            let found = Planted::found(&matches, index);
            // A crop is not searched; but what is found is right.
            assert!(found == *truth || (!whole && found.is_none()), "{found:?} for {truth:?}");
        }
        assert!(!matches.iter().any(|found| matches!(found, FaceMatch::Registered { .. })));
    });
}

/// Their distance passes for the same person, but nothing says that the picture is the old one.
#[test]
fn somebody_who_looks_alike_in_another_picture_is_no_match() {
    plant(|mut planted| {
        let whole = planted.edit.crop == RelativeRect::WHOLE;
        for (old, place) in planted.truth.iter().enumerate().filter_map(|(old, new)| Some((old, (*new)?))) {
            let known = planted.old[old].embedding.as_ref().unwrap().as_slice();
            let mut values = known.to_vec();
            // At squared distance 0.6 of 0.8: turned by an angle whose cosine is 0.7.
            let aside: Vec<f32> = (0..values.len()).map(|at| known[(at + 1) % known.len()]).collect();
            let along: f32 = aside.iter().zip(known).map(|(a, b)| a * b).sum();
            let aside: Vec<f32> = aside.iter().zip(known).map(|(a, b)| a - along * b).collect();
            let length = aside.iter().map(|a| a * a).sum::<f32>().sqrt();
            values.iter_mut().zip(&aside).for_each(|(v, a)| *v = 0.7 * *v + 0.51_f32.sqrt() * a / length);
            planted.new[place].embedding = Some(Embedding::normalise(values).unwrap());
        }
        assert_eq!(match_faces(&planted.old, &planted.new, &planted.sizes, None, SAME), []);
        let registered = match_faces(&planted.old, &planted.new, &planted.sizes, Some(&planted.edit), SAME);
        assert!(!whole || !registered.is_empty(), "where the pictures agree it is the same face");
    });
}

/// One face as if the picture was mirrored, two as if it was not: the two decide.
#[test]
fn all_faces_agree_on_the_turn() {
    let mut planted = Planted::new(5, Orientation::Same, false);
    let face = |x, y| FaceBox { x, y, width: 100.0, height: 100.0 };
    planted.sizes = Sizes { old: (1000, 1000), new: (1000, 1000) };
    let boxes = [face(50.0, 50.0), face(600.0, 300.0), face(300.0, 700.0)];
    let people: Vec<_> = boxes.iter().map(|_| planted.person()).collect();
    let known = |(face_box, person): (&FaceBox, &Embedding)| KnownFace {
        detection: Detection { face_box: *face_box, score: 0.9, landmarks: Landmarks::template(100, 100) },
        embedding: Some(person.clone()),
    };
    let found =
        |face_box, person: &Embedding| FoundFace { face_box, embedding: Some(person.clone()), is_decided: false };
    let old: Vec<_> = boxes.iter().zip(&people).map(known).collect();
    let mut new: Vec<_> = boxes.iter().zip(&people).map(|(face_box, person)| found(*face_box, person)).collect();
    new[2].face_box.x = 600.0;
    let pairs = match_faces(&old, &new, &planted.sizes, None, SAME);
    assert_eq!(pairs, [FaceMatch::Found { old: 0, new: 0 }, FaceMatch::Found { old: 1, new: 1 }]);
    // One for each: nobody can tell.
    let pairs = match_faces(&old[1..], &new[1..], &planted.sizes, None, SAME);
    assert_eq!(pairs, []);
}

#[test]
fn another_shape_without_registration_is_no_match() {
    let mut planted = Planted::new(7, Orientation::Same, false);
    planted.sizes.new.0 *= 2;
    for face in &mut planted.new {
        face.face_box.x *= 2.0;
        face.face_box.width *= 2.0;
    }
    assert_eq!(match_faces(&planted.old, &planted.new, &planted.sizes, None, SAME), []);
}

#[test]
fn nothing_comes_of_nothing() {
    let sizes = Sizes { old: (0, 0), new: (0, 0) };
    let planted = Planted::new(1, Orientation::Same, false);
    assert_eq!(match_faces(&[], &[], &sizes, None, SAME), []);
    assert_eq!(match_faces(&planted.old, &[], &sizes, None, SAME), []);
    assert_eq!(match_faces(&planted.old, &planted.new, &sizes, Some(&planted.edit), SAME), []);
}
